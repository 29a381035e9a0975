"""Which measure and layer predicts transfer best, on data where it is known, and beside the table of correlations."""

import numpy as np
import pandas as pd
import pytest

from realign.analysis.correlation import correlations
from realign.analysis.predictor_figure import predictor_figure
from realign.analysis.predictors import Resampling, best_predictor, predictors

MEASURES = ["weak", "cka"]
RESAMPLING = Resampling(300, 0.9, 0)


def study(languages: int, seed: int = 0) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Two models and seeds; CKA of the last layer follows transfer closely, the rest has nothing to do with it."""
    rng = np.random.default_rng(seed)
    transfer = rng.normal(size=languages)
    names = [f"l{number}" for number in range(languages)]
    runs = [(model, run) for model in ("m", "n") for run in (31, 42)]
    scores = pd.DataFrame(
        {"model": model, "method": "baseline", "task": "pos", "seed": run, "language": name, "transfer": value}
        for model, run in runs
        for name, value in zip(names, transfer + 0.05 * rng.normal(size=languages), strict=True)
    )
    rows = []
    for model, layers in (("m", 1), ("n", 3)):
        for layer in range(layers + 1):
            for measure in MEASURES:
                told = measure == "cka" and layer == layers
                values = transfer + 0.1 * rng.normal(size=languages) if told else rng.normal(size=languages)
                rows += [
                    {"moment": "before", "model": model, "method": "baseline", "language": name, "layer": layer,
                     "layers": layers, "direction": direction, "measure": measure, "score": value, "n": 50}
                    for name, value in zip(names, values, strict=True)
                    for direction in ("forward", "backward")
                ]  # fmt: skip
    return scores, pd.DataFrame(rows).assign(task=None, seed=pd.NA)


def test_the_measure_and_layer_that_tell_transfer_are_found() -> None:
    table = predictors(*study(8), MEASURES, RESAMPLING)
    assert table["model"].value_counts().to_dict() == {"all": 4, "m": 4, "n": 8}
    pooled = table[table["model"] == "all"].set_index(["measure", "depth"])
    best = pooled.loc["cka", 1.0]
    assert best["rank"] == 1 and best["behind"] == 0 and best["best"] > 0.9
    assert (pooled.drop(index=("cka", 1.0))["behind_low"] > 0).sum() >= 2
    assert pooled["best"].sum() == pytest.approx(1)
    assert (pooled["p_any"] >= pooled["p"]).all() and best["p"] < best["p_any"] < 0.05
    assert pooled["languages"].eq(8).all() and pooled["n"].eq(32).all()
    said = best_predictor(table, "pos", "before", 0.9)
    assert said.startswith("POS, before fine-tuning: cka at depth 1.00 has the highest ρ, 0.9")
    assert best_predictor(table, "ner", "before", 0.9).endswith("too few points to compare measures.")


def test_rows_are_those_of_the_correlations() -> None:
    scores, alignment = study(6)
    table = predictors(scores, alignment, MEASURES, RESAMPLING)
    beside = correlations(scores, alignment, ["baseline"], MEASURES, resamples=300, confidence=0.9, seed=0)
    beside = beside[(beside["direction"] == "forward") & (beside["moment"] == "before") & (beside["model"] == "all")]
    for depth in (0.0, 1.0):
        mine, theirs = (
            table[(table["model"] == "all") & (table["depth"] == depth)],
            beside[beside["position"] == f"depth {depth:.2f}"],
        )
        numbers = ["rho", "low", "high", "p", "n", "languages", "pairs"]
        assert mine[numbers].to_numpy(float) == pytest.approx(theirs[numbers].to_numpy(float))


def test_the_best_of_many_is_seldom_taken_for_a_finding() -> None:
    found = []
    for seed in range(30):
        scores, alignment = study(5, seed)
        rng = np.random.default_rng(seed)
        shuffled = alignment.assign(score=rng.normal(size=len(alignment)))
        table = predictors(scores, shuffled, MEASURES, Resampling(100, 0.9, 0))
        pooled = table[table["model"] == "all"]
        found.append((pooled["p"].min() < 0.1, pooled["p_any"].min() < 0.1))
    plain, corrected = np.mean(found, axis=0)
    assert corrected < 0.17 < plain


def test_one_language_has_no_interval_and_a_figure_that_says_so() -> None:
    table = predictors(*study(1), MEASURES, RESAMPLING)
    assert table[["low", "high", "behind_low", "p", "p_any"]].isna().all(axis=None)
    alone = table.assign(rho=np.nan)
    assert predictor_figure(alone, MEASURES, 0.9, 6.0).texts[0].get_text() == "too few points to compare measures"
