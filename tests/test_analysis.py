"""The tables and the answers, on a few runs whose numbers are worked out by hand."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from realign.alignment.records import AlignmentRecord, AlignmentScore, ScoreRecord
from realign.analysis.correlation import (
    bootstrap_interval,
    correlations,
    draw_weights,
    language_permutations,
    layer_positions,
    permutation_test,
    spearman,
    weighted_spearman,
)
from realign.analysis.gains import alignment_change, bootstrap_gain, realignment_gains
from realign.analysis.tables import alignment_of_runs, alignment_table, few_pairs, scores_table

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
    assert set(table["model"]) == {"all"}, "with one model, it is all models"
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


def test_a_weighted_correlation_is_that_of_the_repeated_points() -> None:
    rng = np.random.default_rng(4)
    x, y = rng.integers(0, 8, size=30).astype(float), rng.normal(size=30)
    weights = draw_weights(30, 50, rng)
    assert (weights.sum(axis=1) == 30).all()
    expected = [stats.spearmanr(np.repeat(x, drawn), np.repeat(y, drawn)).statistic for drawn in weights.astype(int)]
    assert weighted_spearman(x, y, weights) == pytest.approx(np.array(expected))


def crossed(rng: np.random.Generator, languages: int, models: int = 2, seeds: int = 2) -> tuple[np.ndarray, np.ndarray]:
    """Alignment and transfer [languages, runs] without any effect: languages, models and seeds differ in each."""

    def side(between_seeds: float) -> np.ndarray:
        values = rng.normal(size=(languages, 1, 1)) + 0.5 * rng.normal(size=(languages, models, 1))
        values = values + between_seeds * rng.normal(size=(languages, models, seeds))
        return values.reshape(languages, models * seeds)

    # before fine-tuning, the seeds of a model share one alignment
    return side(0.0), side(0.3)


def test_the_test_at_5_percent_rejects_no_effect_in_5_percent_and_the_plain_one_far_more_often() -> None:
    rng = np.random.default_rng(11)
    studies = [crossed(rng, languages=5) for _ in range(1500)]
    ours = np.mean([permutation_test(x, y, seed=0)[0] <= 0.05 for x, y in studies])
    plain = np.mean([spearman(x.ravel(), y.ravel())[1] <= 0.05 for x, y in studies])
    assert 0.035 < ours < 0.065  # 1.5 standard errors are .008
    assert plain > 0.25


def test_a_permutation_p_equals_scipys() -> None:
    x, y = crossed(np.random.default_rng(2), languages=5)
    rx, ry = stats.rankdata(x).reshape(x.shape), stats.rankdata(y).reshape(y.shape)
    middle = np.mean([np.corrcoef(rx[order].ravel(), ry.ravel())[0, 1] for order in language_permutations(5, 0)])

    def distance(order: np.ndarray) -> float:
        return abs(stats.spearmanr(x[order.astype(int)].ravel(), y.ravel()).statistic - middle)

    reference = stats.permutation_test(
        (np.arange(5),), distance, permutation_type="pairings", alternative="greater", n_resamples=np.inf
    )
    p, least = permutation_test(x, y, seed=0)
    assert p == pytest.approx(reference.pvalue) and least == pytest.approx(1 / 120)


def test_the_smallest_p_is_reached_and_says_how_few_languages_there_are() -> None:
    rising = np.arange(5.0)[:, None] + np.array([[0.0, 0.1]])
    # the reverse order is as far from the middle as the observed one
    assert permutation_test(rising, rising, seed=0) == pytest.approx((2 / 120, 2 / 120))
    lopsided = np.array([0.0, 1.0, 2.0, 4.0, 3.0])[:, None] + np.zeros((1, 2))
    assert permutation_test(rising, lopsided, seed=0)[0] > 2 / 120
    mixed = np.array([[0.0, 9.0], [1.0, 5.0], [2.0, 3.0], [6.0, 7.0], [8.0, 4.0]])
    assert permutation_test(mixed, mixed, seed=0) == pytest.approx((1 / 120, 1 / 120))
    assert np.isnan(permutation_test(np.ones((5, 2)), rising, seed=0)).all()
    many = np.arange(12.0)[:, None]
    assert permutation_test(many, many, seed=0) == pytest.approx((1e-4, 1e-4))
    assert len(language_permutations(7, 0)) == 5040 and (language_permutations(9, 0)[0] == np.arange(9)).all()


def test_what_models_differ_by_is_no_evidence_about_languages() -> None:
    # the larger model aligns and transfers better; within it, languages have nothing to do with each other
    x = np.array([[0.1, 0.8], [0.2, 0.9], [0.3, 0.7]])
    y = np.array([[0.2, 0.9], [0.1, 0.8], [0.3, 0.7]])
    rho, p_plain = spearman(x.ravel(), y.ravel())
    assert rho > 0.8 and p_plain < 0.05
    assert permutation_test(x, y, seed=0)[0] > 0.3


def test_intervals_resample_languages_so_that_more_seeds_make_them_no_narrower() -> None:
    rng = np.random.default_rng(3)
    languages = [f"l{number}" for number in range(12)]
    x = rng.normal(size=12)
    y = x + rng.normal(size=12)

    def width(seeds: int) -> float:
        points = np.tile(x, seeds), np.tile(y, seeds)
        low, high = bootstrap_interval(*points, languages * seeds, ["m"] * 12 * seeds, 1000, 0.95, 0)
        assert low < stats.spearmanr(x, y).statistic < high
        return high - low

    assert width(1) == pytest.approx(width(8))
    both = bootstrap_interval(np.tile(x, 2), np.r_[y, -y], languages * 2, ["a"] * 12 + ["b"] * 12, 1000, 0.95, 0)
    assert both[0] < -0.3 and both[1] > 0.3  # two models that disagree


def test_correlations_count_languages_models_and_seeds_and_stand_within_each_model(
    scores: list[ScoreRecord], encoders: list[AlignmentRecord]
) -> None:
    others = [record.model_copy(update={"model": "n"}) for record in scores]
    pretrained = [record.model_copy(update={"model": "n"}) for record in encoders if record.recipe is None]
    table = correlations(
        scores_table([*scores, *others], "en", METHODS),
        alignment_table([*scores, *others], [*encoders, *pretrained], STARTS, METHODS, MEASURES),
        METHODS, MEASURES, resamples=100, confidence=0.95, seed=0,
    ).set_index(["method", "model", "position", "moment", "measure", "direction"])  # fmt: skip
    pooled, within = (table.loc[("baseline", model, "last", "before", "weak", "forward")] for model in ("all", "n"))
    assert pooled[["languages", "models", "seeds", "n"]].tolist() == [3, 2, 2, 12]
    assert within[["languages", "models", "seeds", "n"]].tolist() == [3, 1, 2, 6]
    assert within["p"] == pytest.approx(2 / 6) and within["p_least"] == pytest.approx(2 / 6)
    assert within["p_plain"] < 0.001 and pooled["pairs"] == 10
    assert set(table.loc["baseline"].loc["n"].index.get_level_values("position")) == {"last", "penultimate"}


def test_models_at_the_ceiling_of_a_measure_are_named(
    scores: list[ScoreRecord], encoders: list[AlignmentRecord]
) -> None:
    high = [record.model_copy(update={"alignment": rows(0.97)}) for record in encoders]
    table = correlations(
        scores_table(scores, "en", METHODS), alignment_table(scores, high, STARTS, METHODS, MEASURES),
        ["baseline"], ["weak"], resamples=100, confidence=0.95, seed=0,
    ).set_index(["position", "moment", "direction"])  # fmt: skip
    assert table.loc[("last", "before", "forward"), "ceiling"] == "m"
    assert table.loc[("penultimate", "before", "forward"), "ceiling"] == ""


def test_a_task_without_transfer_keeps_its_cells(scores: list[ScoreRecord], encoders: list[AlignmentRecord]) -> None:
    useless = [record.model_copy(update={"task": "useless", "score": 0.0}) for record in scores]
    table = correlations(
        scores_table([*scores, *useless], "en", METHODS),
        alignment_table([*scores, *useless], encoders, STARTS, METHODS, MEASURES),
        METHODS, MEASURES, resamples=100, confidence=0.95, seed=0,
    ).set_index(["task", "position", "moment"])  # fmt: skip
    tasks = [table.loc[task] for task in ("pos", "useless")]
    assert tasks[0].index.equals(tasks[1].index)
    assert (tasks[1]["n"] == 0).all() and tasks[1]["rho"].isna().all()


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


def with_pairs(record: AlignmentRecord, available: int, sizes: dict[int, float]) -> AlignmentRecord:
    alignment = [one.model_copy(update={"n": available, "by_pairs": sizes}) for one in record.alignment]
    return record.model_copy(update={"alignment": alignment})


def test_all_languages_are_compared_over_as_many_pairs_as_each_has(encoders: list[AlignmentRecord]) -> None:
    german, dutch, italian = (
        next(record for record in encoders if record.language == lang and record.recipe is None)
        for lang in ("de", "nl", "it")
    )
    two = [with_pairs(german, 90, {5: 0.9, 50: 0.7, 70: 0.6}), with_pairs(dutch, 51, {5: 0.8, 50: 0.5})]
    table = alignment_table([], two, STARTS, METHODS, MEASURES)
    of = table.groupby("language")[["score", "n", "available"]].first()
    assert of.loc["de"].tolist() == [0.7, 50, 90] and of.loc["nl"].tolist() == [0.5, 50, 51]
    said = "few measured pairs for de (90), nl (51); weak alignment is compared over 50 pairs of each language, and"
    assert str(few_pairs(table)).startswith(said) and few_pairs(table.assign(available=100)) is None
    # a language with too few pairs for any number does not pull the others down
    table = alignment_table([], [*two, with_pairs(italian, 3, {})], STARTS, METHODS, MEASURES)
    assert table.groupby("language")["n"].first().to_dict() == {"de": 50, "it": 3, "nl": 50}


def test_the_interval_of_the_mean_is_over_languages_that_gain_differently() -> None:
    # every sentence and every seed of a language gains the same, so that languages alone make the spread
    gain = {"en": 0, "de": 0, "it": 2, "nl": 4}
    records = [
        score(method, seed, language, 0.3).model_copy(
            update={"numerators": [3 + gain[language] * (method != "baseline")] * 10}
        )
        for seed in range(3)
        for language in LANGUAGES
        for method in METHODS
    ]
    table = realignment_gains(records, "en", METHODS, resamples=2000, confidence=0.9, seed=0)
    assert interval(table, "it") == pytest.approx([0.2, 0.2])
    # the 5th and 95th percentile of the mean of three draws from 0, .2 and .4
    assert interval(table, "mean") == pytest.approx([0.2 / 3, 1 / 3])
