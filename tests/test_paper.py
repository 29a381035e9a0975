"""The statistics and tables that go into a paper."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
import torch
from safetensors.torch import save_file

from realign.analysis.correlation import correlations, holm
from realign.analysis.figures import gain_figure, layers_figure, summary_figure, transfer_figure
from realign.analysis.layouts import (
    Layout,
    Shown,
    aligned,
    caption_of,
    change_layout,
    correlation_layout,
    language_layout,
    realignment_layout,
    write_layout,
)
from realign.analysis.mixed import mixed_effects
from realign.analysis.models import models_table
from realign.analysis.names import language_name
from realign.analysis.style import inches, luminance, save_figure, set_style, visible_colors

LABELS = {"baseline": "no realignment", "before-dictionary": "dictionary"}
METHODS, MEASURES = ["baseline"], ["weak", "strong"]
SHOWN = Shown(LABELS, MEASURES, "en")


def test_holm_equals_a_hand_worked_case() -> None:
    # sorted .01 .02 .04 times 3, 2, 1, never falling; a cell without a test does not count
    corrected = holm(pd.Series([0.04, 0.01, np.nan, 0.02], index=list("abcd")))
    assert corrected[["a", "b", "d"]].tolist() == pytest.approx([0.04, 0.03, 0.04])
    assert np.isnan(corrected["c"])


def study(slope: float, spread: float) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Baseline scores and alignments of 4 models, 5 languages, 4 seeds; languages and models shift both."""
    rng = np.random.default_rng(3)
    languages = {lang: rng.normal(0, spread) for lang in ("ar", "es", "fr", "ru", "zh")}
    models = {model: rng.normal(0, spread) for model in ("a", "b", "c", "d")}
    scores, alignment = [], []
    for model in models:
        for seed in range(4):
            run = {"model": model, "method": "baseline", "task": "pos", "seed": seed}
            scores.append({**run, "language": "en", "metric": "accuracy", "score": 1.0, "n": 1, "transfer": 0.0})
            for language in languages:
                shift = languages[language] + models[model]
                aligned = 0.5 + shift + rng.normal(0, 0.05)
                transfer = slope * (aligned - shift) + shift + rng.normal(0, 0.01)
                scores.append({**run, "language": language, "score": 1 + transfer, "transfer": transfer})
                row = {**run, "language": language, "layer": 2, "layers": 2, "direction": "forward", "measure": "weak"}
                row["n"] = 150
                alignment.append({**row, "moment": "after", "score": aligned})
    return pd.DataFrame(scores), pd.DataFrame(alignment)


@pytest.mark.parametrize(("slope", "words"), [(0.8, "alignment predicts transfer"), (0.0, "no sign")])
def test_the_slope_within_a_language_is_found_whatever_the_languages_differ_by(slope: float, words: str) -> None:
    (cell,) = mixed_effects(*study(slope, 0.2), ["weak"], confidence=0.95).to_dict("records")
    assert cell["low"] < slope * 0.1 < cell["high"]
    assert cell["slope"] == pytest.approx(slope * 0.1, abs=0.01)
    assert cell["reading"].startswith(words)
    assert (cell["n"], cell["languages"], cell["models"]) == (80, 5, 4)


def test_languages_that_have_more_of_both_predict_nothing_within_a_language() -> None:
    rng = np.random.default_rng(5)
    scores, alignment = study(0.0, 0.2)
    # alignment hardly differs within a language, and transfer differs by chance
    noise = rng.normal(0, 0.002, len(alignment))
    alignment["score"] = alignment.groupby("language")["score"].transform("mean") + noise
    scores = alignment.drop(columns="score").assign(transfer=alignment["score"] - noise)
    scores["transfer"] += rng.normal(0, 0.05, len(scores))
    scores = scores.assign(score=1.0)[["model", "method", "task", "seed", "language", "score", "transfer"]]
    (cell,) = mixed_effects(scores, alignment, ["weak"], confidence=0.95).to_dict("records")
    assert cell["reading"].startswith("no sign")


def test_alignment_that_differs_between_languages_alone_has_no_slope() -> None:
    scores, alignment = study(0.8, 0.2)
    alignment["score"] = alignment.groupby("language")["score"].transform("mean")
    (cell,) = mixed_effects(scores, alignment, ["weak"], confidence=0.95).to_dict("records")
    assert np.isnan(cell["slope"])


@pytest.mark.parametrize("lost", [np.nan, -np.inf])
def test_a_run_without_a_source_score_is_left_out(lost: float) -> None:
    scores, alignment = study(0.8, 0.2)
    run = (scores["model"] == "a") & (scores["seed"] == 0)
    expected = mixed_effects(scores[~run], alignment, ["weak"], confidence=0.95)
    scores.loc[run, "transfer"] = lost
    found = mixed_effects(scores, alignment, ["weak"], confidence=0.95)
    pd.testing.assert_frame_equal(found, expected)
    assert found["n"].tolist() == [75]
    (cell,) = correlations(scores, alignment, METHODS, MEASURES, resamples=50, confidence=0.95, seed=0).query(
        "model == 'all' and position == 'last' and moment == 'after' and measure == 'weak' and direction == 'forward'"
    ).to_dict("records")  # fmt: skip
    assert cell["n"] == 75 and np.isfinite([cell["rho"], cell["low"], cell["high"]]).all()


def test_a_task_without_any_source_score_has_an_empty_panel() -> None:
    scores, alignment = study(0.8, 0.2)
    scores["transfer"] = np.nan
    table = correlations(scores, alignment, METHODS, MEASURES, resamples=50, confidence=0.95, seed=0)
    assert (table["n"] == 0).all() and table["rho"].isna().all()
    figure = transfer_figure(scores, alignment, table, "weak", 7.0)
    assert "too few points" in figure.axes[0].get_title()


def test_a_panel_says_how_likely_its_correlation_is_and_over_how_many_languages() -> None:
    scores, alignment = study(0.8, 0.2)
    alignment = alignment[alignment["seed"] == 0].assign(moment="before")
    table = correlations(scores, alignment, METHODS, MEASURES, resamples=50, confidence=0.95, seed=0)
    cells = (table["model"] == "all") & (table["measure"] == "weak") & table["p"].notna()
    title = transfer_figure(scores, alignment, table, "weak", 7.0).axes[0].get_title()
    cell = table[cells & (table["position"] == "last") & (table["direction"] == "forward")].iloc[0]
    assert f"ρ = {cell['rho']:.2f} [{cell['low']:.2f}, {cell['high']:.2f}]" in title
    assert f"\np = {cell['p']:.2g}" in title and "over 5 languages, 4 models" in title and "ceiling" not in title
    least = table.assign(p=table["p_least"], ceiling="a b")
    title = transfer_figure(scores, alignment, least, "weak", 7.0).axes[0].get_title()
    assert "(the least possible) over 5" in title and title.endswith("a b: at the ceiling")


def test_the_slope_of_complete_runs_is_tested_as_with_an_intercept_for_each_language_and_model() -> None:
    scores, alignment = study(0.8, 0.2)
    points = alignment.rename(columns={"score": "alignment"}).merge(scores, on=["model", "seed", "language"])
    fixed = smf.ols("transfer ~ alignment + C(language) + C(model)", points).fit()
    (cell,) = mixed_effects(scores, alignment, ["weak"], confidence=0.9).to_dict("records")
    assert cell["slope"] == pytest.approx(0.1 * fixed.params["alignment"], rel=1e-3)
    assert [cell["low"], cell["high"]] == pytest.approx((0.1 * fixed.conf_int(0.1).loc["alignment"]).tolist(), rel=0.01)


def test_seeds_that_share_an_alignment_count_as_one_run() -> None:
    scores, alignment = study(0.8, 0.2)
    before = alignment[alignment["seed"] == 0].assign(moment="before")
    (cell,) = mixed_effects(scores, before, ["weak"], confidence=0.95).to_dict("records")
    assert cell["n"] == 20 and cell["languages"] == 5 and cell["models"] == 4 and np.isfinite(cell["slope"])


def test_too_few_runs_have_no_slope() -> None:
    scores, alignment = study(0.5, 0.1)
    few = alignment[(alignment["model"] == "a") & (alignment["seed"] == 0)]
    (cell,) = mixed_effects(scores, few, ["weak"], confidence=0.95).to_dict("records")
    assert np.isnan(cell["slope"]) and cell["reading"] == "too few runs to tell"


def gains() -> pd.DataFrame:
    row = {"task": "pos", "runs": 2, "sd": 0.01, "gain": np.nan, "low": np.nan, "high": np.nan}
    means = {"baseline": {"ar": 0.5, "mean": 0.5}, "before-dictionary": {"ar": 0.6, "mean": 0.6}}
    table = pd.DataFrame(
        [
            {**row, "model": model, "method": method, "language": language, "mean": value}
            for model in ("small", "large")
            for method, values in means.items()
            for language, value in values.items()
        ]
    )
    table.loc[(table["method"] != "baseline"), ["gain", "low", "high"]] = [0.1, 0.05, 0.15]
    return table


def test_the_paper_tables_hold_means_deviations_and_marks() -> None:
    averages = realignment_layout(gains(), SHOWN).cells
    assert list(averages.columns) == ["no realignment", "dictionary"]
    assert averages.loc[("POS", "small")].tolist() == ["50.0 ± 1.0", "60.0 ± 1.0*"]
    by_language = language_layout(gains(), SHOWN).cells
    assert by_language.loc[("POS", "small", "dictionary"), "Arabic"] == "60.0 ± 1.0*"
    assert by_language.loc[("POS", "small", "no realignment"), "Arabic"] == "50.0 ± 1.0"


def test_the_best_method_of_a_model_is_marked_once_ties_are_shared() -> None:
    table = gains()
    best = realignment_layout(table, SHOWN).best
    assert best is not None and best.to_numpy().tolist() == [[False, True], [False, True]]
    table.loc[(table["model"] == "small") & (table["language"] == "ar"), "mean"] = [0.6001, 0.5999]
    best = language_layout(table, SHOWN).best
    assert best is not None and best["Arabic"].tolist() == [False, True, True, True], "large, then small"


def test_the_source_language_comes_first_and_the_mean_last_and_both_stand_apart() -> None:
    more = [gains().query("language == 'ar'").assign(language=language) for language in ("zh", "en", "fr")]
    layout = language_layout(pd.concat([gains(), *more]), SHOWN)
    assert list(layout.cells.columns) == ["English", "Arabic", "Chinese", "French", "mean"]
    assert layout.apart == ("Arabic", "mean")


def test_a_correlation_is_marked_by_its_corrected_p() -> None:
    cell = {"task": "pos", "method": "baseline", "position": "last", "moment": "before", "measure": "weak"}
    cell |= {"model": "all"}
    numbers = {"n": 20, "rho": 0.5, "low": 0.25, "high": 0.75, "p": 0.01}
    table = pd.DataFrame(
        [
            {**cell, **numbers, "direction": "forward", "p_holm": 0.04},
            {**cell, **numbers, "direction": "backward", "p_holm": 0.06, "low": -0.1},
            {**cell, **numbers, "direction": "forward", "p_holm": 0.04, "position": "depth 1.00"},
            {**cell, **numbers, "direction": "forward", "p_holm": 0.04, "model": "m"},
        ]
    )
    cells = correlation_layout(table, SHOWN).cells
    assert cells.loc[("POS", "last", "before")].to_dict() == {
        ("weak", "forward"): "0.50 [0.25, 0.75]*†",
        ("weak", "backward"): "0.50 [-0.10, 0.75]",
    }
    unknown = correlation_layout(table.assign(rho=np.nan, low=np.nan, high=np.nan, p_holm=np.nan), SHOWN).cells
    assert set(unknown.to_numpy().ravel()) == {"–"}


def test_alignment_change_is_shown_for_the_last_layer() -> None:
    row = {
        "method": "baseline",
        "task": "pos",
        "model": "m",
        "language": "ar",
        "measure": "weak",
        "direction": "forward",
    }
    table = pd.DataFrame(
        [{**row, "layer": layer, "layers": 2, "change": -0.1 * layer, "change_sd": np.nan} for layer in range(3)]
    )
    table = pd.concat([table, table.assign(language="fr", change=-0.3)])
    assert change_layout(table, SHOWN).cells.loc[("POS", "m")].tolist() == ["-20.0", "-30.0", "-25.0"]


def test_captions_say_how_many_runs_and_which_confidence() -> None:
    said = caption_of("realignment_by_language", gains().assign(runs=[1] + [2] * 7), 0.9, "weak")
    assert "over 1 to 2 seeds" in said and "the 90% bootstrap interval" in said


def test_the_caption_of_correlations_says_what_they_rest_on() -> None:
    row = {
        "measure": "weak",
        "position": "last",
        "model": "all",
        "languages": 5,
        "models": 2,
        "seeds": 2,
        "pairs": 150,
        "p": 0.1,
    }
    rows = [
        {**row, "method": "baseline", "n": 20, "p_least": 1 / 120, "ceiling": "large"},
        {**row, "method": "all", "n": 60, "p_least": 1 / 120, "ceiling": "small"},
    ]
    said = caption_of("correlations", pd.DataFrame(rows), 0.95, "weak")
    assert "over 150 word pairs" in said and "Target languages: 5; models: 2; seeds: 2; points per task: 20." in said
    assert "out of reach" not in said and "Mean alignment of large reaches 0.95 or more" in said
    # eight cells times 1/120 are more than 0.05
    said = caption_of("correlations", pd.DataFrame(rows[:1] * 8).assign(ceiling=np.nan), 0.95, "weak")
    assert "out of reach here: 5 languages have no p below 0.0083." in said and "ceiling" not in said


def test_a_layout_becomes_csv_and_latex(tmp_path: Path) -> None:
    csv, tex = tmp_path / "table.csv", tmp_path / "table.tex"
    write_layout(language_layout(gains(), SHOWN), csv, tex, caption="Score by language (%).", label="tab:x")
    assert csv.read_text(encoding="utf-8").splitlines()[0] == "task,model,method,Arabic,mean"
    latex = tex.read_text(encoding="utf-8")
    assert r"\toprule" in latex and r"\textbf{60.0} $\pm$ 1.0\rlap{\textsuperscript{*}}" in latex
    assert (
        r"\caption{Score by language (\%).}" in latex
        and r"\label{tab:x}" in latex
        and r"\multirow[c]{2}{*}{large}" in latex
    )
    unknown = gains().assign(mean=np.nan)
    write_layout(language_layout(unknown, SHOWN), csv, tex, caption="", label="tab:x")
    assert "nan" not in tex.read_text(encoding="utf-8") + csv.read_text(encoding="utf-8")


def test_decimal_points_of_a_latex_column_stand_under_one_another() -> None:
    cells = ["9.6 ± 12.3", "-70.2 ± 1.0*", "71.0", "–"]
    assert aligned(cells, [True, False, False, False]) == [
        r"\textbf{9.6} $\pm$ 12.3",
        r"$-$70.2 $\pm$ \phantom{0}1.0\rlap{\textsuperscript{*}}",
        r"71.0\phantom{ $\pm$ 12.3}",
        "--",
    ]
    assert aligned(["0.10 [-0.20, 0.30]", "0.50 [0.25, 0.75]*†"], [False, False]) == [
        "0.10 [$-$0.20, 0.30]",
        r"0.50 [\phantom{$-$}0.25, 0.75]\rlap{\textsuperscript{*\dag{}}}",
    ]


def test_columns_that_a_gap_sets_apart(tmp_path: Path) -> None:
    cells = pd.DataFrame({"English": ["1.0"], "mean": ["2.0"]}, index=pd.Index(["x_y"], name="model"))
    write_layout(
        Layout(cells, apart=("mean",)), tmp_path / "a.csv", tmp_path / "a.tex", caption="5 % & more", label="t"
    )
    latex = (tmp_path / "a.tex").read_text(encoding="utf-8")
    assert r"{lr@{\hskip 1.5em}r}" in latex and r"\caption{5 \% \& more}" in latex and r"x\_y" in latex


def test_parameters_are_counted_from_the_header_of_the_weights(tmp_path: Path) -> None:
    weights = {
        "embeddings.word_embeddings.weight": torch.zeros(7, 4),
        "encoder.layer.0.dense.weight": torch.zeros(4, 4),
    }
    save_file(weights, tmp_path / "model.safetensors")
    (tmp_path / "config.json").write_text('{"n_layers": 1, "dim": 4, "vocab_size": 7}')
    (row,) = models_table([("tiny", tmp_path)]).to_dict("records")
    assert row == {
        "model": "tiny", "layers": 1, "hidden": 4, "vocabulary": 7, "parameters": 44, "embedding_parameters": 28,
    }  # fmt: skip


def test_the_summary_figure_has_the_same_bytes_every_time(tmp_path: Path) -> None:
    set_style("tab10", 9.0)
    models = pd.DataFrame({"model": ["small", "large"], "parameters": [10_000_000, 90_000_000]})
    for name in ("a.svg", "b.svg"):
        save_figure(summary_figure(gains(), models, LABELS, 7.0), [str(tmp_path / name)])
    drawn = (tmp_path / "a.svg").read_text(encoding="utf-8")
    assert "small" in drawn and "90M" in drawn
    assert drawn == (tmp_path / "b.svg").read_text(encoding="utf-8")


def test_the_layers_of_every_task_have_panels_of_their_own() -> None:
    set_style("okabe_ito", 8.0)
    _, alignment = study(0.0, 0.2)
    alignment = alignment[alignment["model"] == "a"]
    both = pd.concat([alignment.assign(score=0.2), alignment.assign(task="ner", score=0.6)], ignore_index=True)
    both.loc[both["language"] == "ar", "score"] += 0.1
    scores = both[["model", "method", "task", "seed", "language"]].assign(transfer=0.0)
    ner, pos = layers_figure(scores, both, LABELS, "weak", 7.0).axes
    assert [line.get_ydata()[0] for line in ner.get_lines()] == pytest.approx([0.62]), "the mean over five languages"
    assert [line.get_ydata()[0] for line in pos.get_lines()] == pytest.approx([0.22])
    assert ner.get_ylabel().startswith("a, NER") and pos.get_ylabel().startswith("a, POS")
    assert ner.texts[1].get_text() == "Arabic", "the highest language"


def test_a_figure_has_the_width_of_a_column_or_of_a_text_block_and_keeps_inside(tmp_path: Path) -> None:
    set_style("okabe_ito", 8.0)
    assert [inches(width) for width in ("column", "text", 5.0)] == pytest.approx([3.03, 6.30, 5.0], abs=0.01)
    for name in ("column", "text"):
        figure = gain_figure(gains(), LABELS, "en", 0.95, inches(name))
        save_figure(figure, [str(tmp_path / "gain.svg")])
        box = figure.get_tightbbox()
        assert box.x0 >= 0 and box.x1 <= inches(name)
        points = 72 * inches(name)
        assert f'width="{points:.6f}'.rstrip("0") in (tmp_path / "gain.svg").read_text(encoding="utf-8")


def test_the_gains_of_the_source_language_and_the_mean_stand_apart_and_bars_have_a_name() -> None:
    set_style("okabe_ito", 8.0)
    table = pd.concat([gains(), gains().query("language == 'ar'").assign(language="en")])
    large, small = gain_figure(table, LABELS, "en", 0.9, 6.3).axes
    assert [label.get_text() for label in large.get_yticklabels()] == ["Arabic", "mean of targets", "English (source)"]
    assert np.diff(large.get_yticks()).tolist() == [1.5, 1.5]
    assert "bars: 90% intervals" in large.get_xlabel() and small.get_title() == "POS, small"
    only_large = table[(table["model"] == "large") | (table["task"] == "x")]
    assert len(gain_figure(only_large, LABELS, "en", 0.9, 6.3).axes) == 1, "no empty panel"


def test_languages_are_told_apart_without_colour() -> None:
    set_style("okabe_ito", 8.0)
    scores, alignment = study(0.8, 0.2)
    table = correlations(scores, alignment, METHODS, MEASURES, resamples=5, confidence=0.95, seed=0)
    (panel,) = transfer_figure(scores, alignment, table, "weak", 6.3).axes
    looks = {(line.get_marker(), line.get_fillstyle()) for line in panel.get_lines()}
    assert len(looks) == 5 * 4, "a marker for each language, a filling for each model"


def test_a_palette_keeps_what_shows_on_white() -> None:
    black, yellow, blue, red, green = ((0, 0, 0), (1, 1, 0), (0, 0, 1), (1, 0, 0), (0, 0.5, 0))
    assert luminance("white") == pytest.approx(1) and luminance(red) == pytest.approx(0.2126)
    assert visible_colors([black, yellow, red, green, blue]) == [blue, green, red]
    assert visible_colors([yellow, black]) == [black, yellow]


@pytest.mark.parametrize(
    ("code", "name"), [("zh", "Chinese"), ("pt-BR", "Portuguese (BR)"), ("qqq", "qqq"), ("qqq_X", "qqq_X")]
)
def test_languages_have_names(code: str, name: str) -> None:
    assert language_name(code) == name
