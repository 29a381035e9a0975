"""Published scores: their file, and an experiment's scores beside them."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from scipy import stats

from realign.analysis.figures import published_figure
from realign.analysis.gains import beyond_deviations
from realign.analysis.published import Names, beside_published, difference_interval, published_values
from realign.config.reading import read_config
from realign.errors import InputError
from realign.experiment.checks import check_inputs
from realign.experiment.experiment import Experiment
from realign.text.published import read_published
from study import PROJECT, Study

SHIPPED = PROJECT / "experiments/published"
XLMR, DISTIL = "FacebookAI/xlm-roberta-base", "distilbert/distilbert-base-multilingual-cased"
HEADER = "model,task,method,language,metric,mean,sd,runs,gain,over_model,over_method\n"


def published(tmp_path: Path, *rows: str) -> Path:
    path = tmp_path / "study.csv"
    path.write_text(HEADER + "".join(f"{row}\n" for row in rows), encoding="utf-8")
    return path


def scores(model: str, method: str, language: str, *values: float) -> pd.DataFrame:
    return pd.DataFrame(
        {"model": model, "task": "pos", "method": method, "language": language, "metric": "accuracy",
         "seed": range(len(values)), "score": values}
    )  # fmt: skip


@pytest.mark.parametrize(
    ("method", "languages"),
    [("before-dictionary", 9), ("before-dictionary-freeze-lower", 16), ("before-dictionary-freeze-upper", 5)],
)
def test_as_many_languages_gain_as_the_authors_counted(method: str, languages: int) -> None:
    # "more than one standard deviation in seven more languages" with the lower half frozen
    values = published_values(read_published(SHIPPED / "naacl2025.csv"))
    gains = values[
        (values["quantity"] == "gain")
        & (values["model"] == XLMR)
        & (values["task"] == "pos")
        & (values["method"] == method)
        & (values["language"] != "en")
    ]
    assert len(gains) == 34
    assert gains["published_beyond_sd"].sum() == languages


def test_the_published_files_hold_what_their_sources_say() -> None:
    rows = read_published(SHIPPED / "naacl2025.csv")
    assert len(rows) == 2649 and {row.runs for row in rows} == {5} and not any(row.gain for row in rows)
    assert len({row.language for row in rows if row.task == "pos"}) == 35
    above = {row.over_model: row.value for row in read_published(SHIPPED / "acl2023.csv")}
    assert above == {DISTIL: 0.158, "FacebookAI/xlm-roberta-large": 0.017}


def test_a_gain_counts_if_it_is_larger_than_both_deviations() -> None:
    assert beyond_deviations(0.03, 0.01, 0.02) is True
    assert beyond_deviations(0.03, 0.04, 0.02) is False and beyond_deviations(0.03, 0.02, 0.04) is False
    assert beyond_deviations(0.03, float("nan"), 0.02) is None


def test_scores_and_gains_stand_beside_the_published_ones(tmp_path: Path) -> None:
    path = published(
        tmp_path,
        "hub/m,pos,baseline,de,accuracy,0.60,0.01,5,,,",
        "hub/m,pos,freeze,de,accuracy,0.70,0.02,5,,,",
        "hub/m,pos,freeze,ar,accuracy,0.50,0.02,5,,,",
        "hub/other,pos,freeze,de,accuracy,0.50,0.02,5,,,",
        "hub/m,ner,freeze,de,entity_f1,0.50,0.02,5,,,",
    )
    own = pd.concat([scores("m", "baseline", "de", 0.60, 0.64), scores("m", "front", "de", 0.70, 0.72)])
    names = Names({"m": "hub/m"}, {"baseline": "baseline", "front": "freeze"})
    table = beside_published(own, read_published(path), names, ["baseline", "front"], confidence=0.95)
    assert list(zip(table["method"], table["quantity"], table["language"], strict=True)) == [
        ("baseline", "score", "de"), ("front", "gain", "de"), ("front", "score", "de"),
    ]  # fmt: skip
    base, gain, score = table.to_dict("records")
    assert base["difference"] == pytest.approx(0.02) and base["published_runs"] == 5 and base["runs"] == 2
    assert score["ours"] == pytest.approx(0.71) and score["published_sd"] == 0.02
    # differences by seed .10 and .08; published deviations .01 and .02 as if independent
    assert gain["ours"] == pytest.approx(0.09) and gain["sd"] == pytest.approx(np.std([0.1, 0.08], ddof=1))
    assert gain["published"] == pytest.approx(0.1) and gain["published_sd"] == pytest.approx(0.01 * 5**0.5)
    assert gain["over_model"] == "m" and gain["over_method"] == "baseline"
    assert gain["beyond_sd"] is True and gain["published_beyond_sd"] is True
    half = difference_interval(
        *(np.array([gain[key]]) for key in ("sd", "runs", "published_sd", "published_runs")), 0.95
    )
    assert gain["low"] == pytest.approx(-0.01 - half[0]) and gain["within"] is True


def test_a_published_difference_to_another_model_is_compared_for_every_realigning_method(tmp_path: Path) -> None:
    path = published(tmp_path, "small,pos,*,ar,accuracy,,,,0.10,,", "small,pos,*,ar,accuracy,,,,0.02,large,baseline")
    own = pd.concat(
        [
            scores("small", "baseline", "ar", 0.50),
            scores("small", "before", "ar", 0.62),
            scores("large", "baseline", "ar", 0.59),
        ]
    )
    names = Names(
        {"small": "small", "large": "large"}, {"baseline": "baseline", "before": "before", "during": "during"}
    )
    table = beside_published(own, read_published(path), names, ["baseline", "before", "during"], confidence=0.95)
    found = table.set_index("over_model")
    assert found["ours"].to_dict() == pytest.approx({"small": 0.12, "large": 0.03})
    assert found["difference"].to_dict() == pytest.approx({"small": 0.02, "large": 0.01})
    assert set(table["method"]) == {"before"} and table["low"].isna().all() and table["within"].isna().all()


def test_two_models_with_one_published_name_are_not_mixed(tmp_path: Path) -> None:
    path = published(
        tmp_path, "hub/m,pos,baseline,de,accuracy,0.6,0.01,5,,,", "hub/m,pos,before,de,accuracy,0.7,0.01,5,,,"
    )
    own = pd.concat(
        [scores(model, method, "de", 0.6, 0.7) for model in ("a", "b") for method in ("baseline", "before")]
    )
    names = Names({"a": "hub/m", "b": "hub/m"}, {"baseline": "baseline", "before": "before"})
    gains = beside_published(own, read_published(path), names, list(names.methods), confidence=0.95)
    gains = gains[gains["quantity"] == "gain"]
    assert list(zip(gains["model"], gains["over_model"], strict=True)) == [("a", "a"), ("b", "b")]


def test_the_interval_of_a_difference_is_welchs() -> None:
    rng = np.random.default_rng(5)
    one, other = rng.normal(0.7, 0.02, 4), rng.normal(0.72, 0.05, 5)
    (half,) = difference_interval(
        np.array([one.std(ddof=1)]), np.array([4.0]), np.array([other.std(ddof=1)]), np.array([5.0]), 0.9
    )
    expected = stats.ttest_ind(one, other, equal_var=False).confidence_interval(0.9)
    assert half == pytest.approx((expected.high - expected.low) / 2)


def test_a_single_run_lies_outside_as_often_as_it_should() -> None:
    rng = np.random.default_rng(6)
    theirs = rng.normal(0.7, 0.02, size=(4000, 5))
    difference = rng.normal(0.7, 0.02, size=4000) - theirs.mean(axis=1)
    unknown, one, five = np.full(4000, np.nan), np.ones(4000), np.full(4000, 5.0)
    half = difference_interval(unknown, one, theirs.std(axis=1, ddof=1), five, 0.95)
    assert np.mean(np.abs(difference) > half) == pytest.approx(0.05, abs=0.01)
    swapped = difference_interval(theirs.std(axis=1, ddof=1), five, unknown, one, 0.95)
    assert swapped == pytest.approx(half)
    assert np.isnan(difference_interval(unknown, one, unknown, five, 0.95)).all()
    assert difference_interval(0 * one, five, 0 * one, five, 0.95) == pytest.approx(np.zeros(4000))


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("m,pos,baseline,de,accuracy,60.1,,,,,", "study.csv:2: mean is '60.1'; expected a number from 0 to 1"),
        ("m,pos,baseline,de,accuracy,,,,,,", "study.csv:2: expected either a mean or a gain; found neither"),
        ("m,pos,before,de,accuracy,0.6,,,0.1,,", "study.csv:2: expected either a mean or a gain; found mean and gain"),
        ("m,,baseline,de,accuracy,0.6,,,,,", "study.csv:2: task is empty"),
        ("m,pos,baseline,de,accuracy,0.6,x,,,,", "study.csv:2: sd is 'x'; expected a number from 0 to 1"),
        ("m,pos,baseline,de,accuracy,0.6,,0,,,", "study.csv:2: runs is '0'; expected a number from 1"),
        ("\n".join(2 * ["m,pos,baseline,de,accuracy,0.6,,,,,"]), "study.csv:3: the same model, task, method and"),
        ("", "study.csv: no rows; expected published scores"),
    ],
)  # fmt: skip
def test_a_row_that_is_no_score_is_refused_with_its_line(tmp_path: Path, row: str, said: str) -> None:
    path = published(tmp_path, *([row] if row else []))
    with pytest.raises(InputError) as error:
        read_published(path)
    assert said in str(error.value)


def test_a_file_without_the_columns_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "study.csv"
    path.write_text("model,score\nm,0.5\n")
    with pytest.raises(
        InputError, match=r"study.csv:1: no column task, method, language, metric; expected model, task"
    ):
        read_published(path)


def experiment(published: Any) -> Experiment:
    content = yaml.safe_load((PROJECT / "experiments/acl2023.yaml").read_text(encoding="utf-8"))
    return Experiment(read_config({**content, "published": published}), PROJECT / "lab")


def test_models_have_the_names_of_the_hub_in_the_published_study() -> None:
    names = experiment("naacl2025").published_names()
    assert names["models"]["distilmbert"] == DISTIL and names["models"]["xlmr-base"] == XLMR
    assert names["methods"]["before-dictionary"] == "before-dictionary"
    own = {"study": "naacl2025", "models": {"mbert": "mine"}, "methods": {"before-awesome": "theirs"}}
    names = experiment(own).published_names()
    assert names["models"]["mbert"] == "mine" and names["methods"]["before-awesome"] == "theirs"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("naacl2024", "config: published: found 'naacl2024'; expected one of acl2023, naacl2025"),
        ("my/scores.csv", "config: published: found 'my/scores.csv'; expected the path of a CSV file"),
        ({"study": "naacl2025", "models": {"me": "x"}}, "config: published.models: ['me'] not among models"),
        ({"study": "naacl2025", "methods": {"me": "x"}}, "config: published.methods: ['me'] not among methods"),
        ({"study": "naacl2025", "models": dict.fromkeys(["distilmbert", "mbert", "xlmr-base"], "x")},
         "naacl2025.csv has none of the models ['FacebookAI/xlm-roberta-large', 'x'], only "),
    ],
)  # fmt: skip
def test_a_study_without_anything_in_common_is_refused_before_the_run(change: Any, said: str) -> None:
    with pytest.raises(InputError) as error:
        found = experiment(change)
        check_inputs(found.config, found.locate)
    assert said in str(error.value)


def test_the_figure_shows_an_experiment_with_nothing_in_common(tmp_path: Path) -> None:
    path = published(tmp_path, "m,pos,baseline,de,accuracy,0.6,0.01,5,,,")
    names = Names({"m": "m"}, {"baseline": "baseline"})
    table = beside_published(
        scores("m", "baseline", "it", 0.5), read_published(path), names, ["baseline"], confidence=0.95
    )
    assert table.empty
    figure = published_figure(table, {"baseline": "baseline"}, 0.95, 7)
    assert "none of this experiment's scores" in figure.texts[0].get_text()


def test_a_study_of_ones_own_is_put_beside_and_a_change_of_it_draws_alone(finished_study: Study) -> None:
    path = finished_study.folder / "theirs.csv"
    means = [("baseline", lang, 0.4) for lang in ("de", "fi")] + [("theirs", lang, 0.5) for lang in ("de", "fi")]
    rows = [f"mine,pos,{method},{lang},accuracy,{mean},0.02,5,,," for method, lang, mean in means]
    path.write_text(HEADER + "\n".join(rows) + "\n", encoding="utf-8")
    own = {"study": "./theirs.csv", "methods": {"before-dictionary": "theirs"}}
    made = {"published.csv", "figures/published.svg"}
    try:
        with finished_study.changed_config(published=own):
            assert finished_study.planned() == made | {"report.html"}
            finished_study.run("results/published.csv", "results/figures/published.svg")
            table = pd.read_csv(finished_study.folder / "results/published.csv")
            assert table["language"].unique().tolist() == ["de"]
            assert table["quantity"].tolist() == ["score", "gain", "score"]
            gains = pd.read_csv(finished_study.folder / "results/realignment.csv").set_index(
                ["task", "method", "language"]
            )
            gain = table[table["quantity"] == "gain"].iloc[0]
            assert gain["ours"] == pytest.approx(gains.loc[("pos", "before-dictionary", "de"), "gain"], abs=1e-5)
            assert gain["published"] == pytest.approx(0.1) and pd.notna(gain["within"])
            with finished_study.changed_file(path, "0.5,0.02", "0.6,0.02"):
                assert made <= finished_study.planned()
                assert finished_study.planned() <= made | {"report.html"}
    finally:
        path.unlink()
        for name in ("published.csv", "figures/published.svg", "figures/published.pdf"):
            (finished_study.folder / "results" / name).unlink(missing_ok=True)
