"""The tables and the answers, on a few runs whose numbers are worked out by hand."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from realign.alignment.records import AlignmentRecord, AlignmentScore, ScoreRecord
from realign.analysis.correlation import bootstrap_interval, correlations, layer_positions, spearman
from realign.analysis.gains import alignment_change, bootstrap_gain, realignment_gains
from realign.analysis.tables import alignment_of_runs, alignment_table, scores_table

LANGUAGES = {"en": 0.8, "de": 0.6, "it": 0.4, "nl": 0.5}
METHODS = ["baseline", "before-dictionary"]
MEASURES = ["weak", "strong"]
RECIPE = "dictionary-3-1f2e3d4c"
STARTS = [("m", RECIPE, "before-dictionary", "pos", None)]


def rows(value: float, layers: int = 2) -> list[AlignmentScore]:
    """The same value for every direction and measure, a tenth lower in each layer under the last."""
    return [
        AlignmentScore(layer=layer, direction=direction, measure=measure, score=value - 0.1 * (layers - layer), n=10)
        for layer in range(layers + 1)
        for direction in ("forward", "backward")
        for measure in MEASURES
    ]


def score(method: str, seed: int, language: str, value: float) -> ScoreRecord:
    """Ten sentences of ten words; the first ones are right, the last ones wrong."""
    right = round(value * 100)
    numerators = [min(10, max(0, right - 10 * number)) for number in range(10)]
    alignment = [] if language == "en" else rows(value)
    return ScoreRecord(
        model="m", method=method, task="pos", seed=seed, language=language, metric="accuracy",
        score=sum(numerators) / 100, n=100, numerators=numerators, denominators=[10] * 10, alignment=alignment,
    )  # fmt: skip


@pytest.fixture
def scores() -> list[ScoreRecord]:
    records = []
    for seed in (1, 2):
        for language, value in LANGUAGES.items():
            records.append(score("baseline", seed, language, value))
            gain = 0.0 if language == "en" else 0.1 * seed
            records.append(score("before-dictionary", seed, language, value + gain))
    return records


@pytest.fixture
def encoders() -> list[AlignmentRecord]:
    pretrained = [
        AlignmentRecord(model="m", language=lang, alignment=rows(value / 2))
        for lang, value in LANGUAGES.items()
        if lang != "en"
    ]
    realigned = [
        AlignmentRecord(model="m", recipe=RECIPE, seed=seed, language=lang, alignment=rows(value))
        for seed in (1, 2)
        for lang, value in LANGUAGES.items()
        if lang != "en"
    ]
    return pretrained + realigned


def test_transfer_is_relative_to_the_same_models_source_score(scores: list[ScoreRecord]) -> None:
    table = scores_table(scores, "en", METHODS).set_index(["method", "seed", "language"])
    assert table.loc[("baseline", 1, "de"), "transfer"] == pytest.approx((0.6 - 0.8) / 0.8)
    assert table.loc[("before-dictionary", 2, "it"), "transfer"] == pytest.approx((0.6 - 0.8) / 0.8)
    assert table.loc[("baseline", 2, "en"), "transfer"] == 0
    assert len(table) == 16


def test_every_run_finds_the_encoder_that_it_started_from(
    scores: list[ScoreRecord], encoders: list[AlignmentRecord]
) -> None:
    table = scores_table(scores, "en", METHODS)
    runs = alignment_of_runs(alignment_table(scores, encoders, STARTS, METHODS, MEASURES), table)
    last = runs[(runs["layer"] == 2) & (runs["measure"] == "weak") & (runs["direction"] == "forward")]
    found = last.set_index(["moment", "method", "seed", "language"])["score"]
    assert found["before", "baseline", 1, "de"] == found["before", "baseline", 2, "de"] == pytest.approx(0.3)
    assert found["before", "before-dictionary", 2, "de"] == pytest.approx(0.6)
    assert found["after", "before-dictionary", 2, "de"] == pytest.approx(0.8)
    assert len(last) == 2 * 2 * 2 * 3


def test_correlations_are_spearmans_over_all_points(scores: list[ScoreRecord], encoders: list[AlignmentRecord]) -> None:
    table = correlations(
        scores_table(scores, "en", METHODS),
        alignment_table(scores, encoders, STARTS, METHODS, MEASURES),
        METHODS,
        MEASURES,
        resamples=200,
        confidence=0.95,
        seed=0,
    ).set_index(["method", "position", "moment", "measure", "direction"])
    cell = table.loc[("baseline", "last", "before", "weak", "forward")]
    # three languages, whose order by alignment is their order by transfer, twice
    assert cell["n"] == 6 and cell["rho"] == pytest.approx(1.0)
    assert cell["low"] <= cell["rho"] <= cell["high"] + 1e-12
    pooled = table.loc[("all", "last", "after", "weak", "forward")]
    assert pooled["n"] == 12
    assert set(table.index.get_level_values("position")) == {
        "last", "penultimate", "depth 0.00", "depth 0.50", "depth 1.00",
    }  # fmt: skip


def test_spearman_equals_a_hand_worked_case_and_has_no_value_for_constants() -> None:
    # ranks 1 2 3 4 against 1 3 2 4: ρ = 1 - 6·2 / (4·15) = 0.8
    rho, p = spearman(np.array([0.1, 0.2, 0.3, 0.4]), np.array([1.0, 3.0, 2.0, 4.0]))
    assert rho == pytest.approx(0.8) and p == pytest.approx(0.2)
    assert np.isnan(spearman(np.ones(5), np.arange(5.0))).all()
    assert np.isnan(spearman(np.arange(2.0), np.arange(2.0))).all()


def test_the_interval_equals_resampling_one_by_one() -> None:
    rng = np.random.default_rng(4)
    x = rng.normal(size=30)
    y = x + rng.normal(size=30)
    low, high = bootstrap_interval(x, y, resamples=500, confidence=0.9, seed=7)
    chosen = np.random.default_rng(7).integers(30, size=(500, 30))
    expected = np.quantile([stats.spearmanr(x[i], y[i]).statistic for i in chosen], [0.05, 0.95])
    assert (low, high) == pytest.approx(tuple(expected))
    assert (low, high) == bootstrap_interval(x, y, resamples=500, confidence=0.9, seed=7)


def test_positions_of_models_of_different_depth_meet_at_the_same_relative_depth() -> None:
    positions = layer_positions([4, 12])
    assert positions["last"] == {4: 4, 12: 12}
    assert positions["penultimate"] == {4: 3, 12: 11}
    assert positions["depth 0.25"] == {4: 1, 12: 3}


def test_gains_are_paired_by_seed(scores: list[ScoreRecord]) -> None:
    table = realignment_gains(scores, "en", METHODS, resamples=500, confidence=0.95, seed=0)
    found = table.set_index(["method", "language"])
    german = found.loc[("before-dictionary", "de")]
    assert german["runs"] == 2
    assert german["mean"] == pytest.approx(0.75) and german["gain"] == pytest.approx(0.15)
    assert german["sd"] == pytest.approx(np.std([0.7, 0.8], ddof=1))
    assert german["low"] < 0.15 < german["high"]
    average = found.loc[("before-dictionary", "mean")]
    assert average["gain"] == pytest.approx(0.15) and average["mean"] == pytest.approx(0.65)
    assert average["high"] - average["low"] < german["high"] - german["low"]
    assert np.isnan(found.loc[("baseline", "de"), "gain"])
    pd.testing.assert_frame_equal(
        table, realignment_gains(scores[::-1], "en", METHODS, resamples=500, confidence=0.95, seed=0)
    )


def resampled_gains(method: np.ndarray, baseline: np.ndarray, resamples: int = 2000) -> np.ndarray:
    rng = np.random.default_rng(0)
    drawn = rng.integers(len(method), size=(resamples, len(method)))
    return bootstrap_gain(method, baseline, drawn, rng)


def test_a_gain_that_every_sentence_shares_has_no_spread() -> None:
    baseline = np.array([[[4.0] * 6, [10.0] * 6]])
    method = np.array([[[5.0] * 6, [10.0] * 6]])
    assert resampled_gains(method, baseline, 50) == pytest.approx(np.full(50, 0.1))


def test_more_seeds_do_not_make_the_test_set_larger() -> None:
    baseline = np.array([[[0.0] * 40, [1.0] * 40]])
    method = np.array([[[0.0, 1.0] * 20, [1.0] * 40]])
    # the deviation of a mean of 40 sentences of 0 or 1, whether one run or nine alike were scored on them
    expected = 0.5 / np.sqrt(40)
    assert resampled_gains(method, baseline).std() == pytest.approx(expected, rel=0.1)
    assert resampled_gains(np.tile(method, (9, 1, 1)), np.tile(baseline, (9, 1, 1))).std() == pytest.approx(
        expected, rel=0.1
    )


def test_resampling_in_parts_equals_resampling_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    baseline, method = np.random.default_rng(1).integers(1, 9, size=(2, 3, 2, 7)).astype(float)
    at_once = resampled_gains(method, baseline, 100)
    monkeypatch.setattr("realign.analysis.gains.DRAWN_AT_ONCE", 50)
    assert resampled_gains(method, baseline, 100) == pytest.approx(at_once)


def interval(table: pd.DataFrame, language: str) -> list[float]:
    cell = table[(table["method"] == "before-dictionary") & (table["language"] == language)]
    return [float(cell["low"].iloc[0]), float(cell["high"].iloc[0])]


def test_the_luck_of_a_seed_is_shared_by_all_languages() -> None:
    # every sentence of a run is right by the same share, so that seeds alone make the spread, the same in all languages
    records = []
    for seed in range(6):
        for language in LANGUAGES:
            for method, right in (("baseline", 3), ("before-dictionary", 3 + seed)):
                numerators = [right] * 10
                record = score(method, seed, language, right / 10)
                records.append(record.model_copy(update={"numerators": numerators}))
    table = realignment_gains(records, "en", METHODS, resamples=1000, confidence=0.95, seed=0)
    assert interval(table, "mean") == pytest.approx(interval(table, "de"))
    assert interval(table, "mean")[1] - interval(table, "mean")[0] > 0.2


def test_another_model_or_language_shifts_no_interval(scores: list[ScoreRecord]) -> None:
    table = realignment_gains(scores, "en", METHODS, resamples=100, confidence=0.95, seed=0)
    other = [record.model_copy(update={"model": "a"}) for record in scores]
    beside = realignment_gains([*other, *scores], "en", METHODS, resamples=100, confidence=0.95, seed=0)
    pd.testing.assert_frame_equal(table, beside[beside["model"] == "m"].reset_index(drop=True))
    fewer = realignment_gains(
        [record for record in scores if record.language != "de"], "en", METHODS, resamples=100, confidence=0.95, seed=0
    )
    assert interval(fewer, "it") == interval(table, "it")
    again = realignment_gains(scores, "en", METHODS, resamples=100, confidence=0.95, seed=1)
    assert interval(again, "it") != interval(table, "it")


def test_alignment_change_is_relative_to_before(scores: list[ScoreRecord], encoders: list[AlignmentRecord]) -> None:
    alignment = alignment_table(scores, encoders, STARTS, METHODS, MEASURES)
    table = alignment_change(scores_table(scores, "en", METHODS), alignment, METHODS, MEASURES)
    cell = table.set_index(["method", "language", "layer", "direction", "measure"])
    german = cell.loc[("baseline", "de", 2, "forward", "weak")]
    assert german["before"] == pytest.approx(0.3) and german["after"] == pytest.approx(0.6)
    assert german["change"] == pytest.approx(1.0) and german["runs"] == 2
    realigned = cell.loc[("before-dictionary", "de", 2, "forward", "weak")]
    # 0.6 to 0.7 and 0.6 to 0.8
    assert realigned["change"] == pytest.approx((0.1 / 0.6 + 0.2 / 0.6) / 2)
