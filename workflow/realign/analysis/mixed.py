"""Does alignment predict transfer within a language? A mixed-effects model answers what a pooled correlation cannot."""

import warnings
from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
from scipy import stats

from realign.analysis.tables import BASELINE, SCORE_KEYS, alignment_of_runs, with_transfer

STEP = 0.1
"""The slope is the change in transfer that goes with this much more alignment."""
SAME = 1e-9
"""Smaller differences in alignment are rounding."""
COLUMNS = [
    "task", "moment", "measure", "n", "languages", "models", "slope", "se", "p", "low", "high", "reading",
]  # fmt: skip


def mixed_effects(
    scores: pd.DataFrame, alignment: pd.DataFrame, measures: Sequence[str], *, confidence: float
) -> pd.DataFrame:
    """Transfer on last-layer forward alignment, with crossed random intercepts for language and model (REML).

    One row for each task, moment and measure, over the baseline runs. Alignment enters as its deviation from the
    average of its language and model, so that differences between languages or models are left to the intercepts.
    `slope` is the change in transfer that goes with 0.1 more alignment within a language and model; nan if it cannot be
    estimated. Its interval and p are Student's, with as many degrees of freedom as points are left by languages, models
    and the slope; a normal distribution would be far too sure of few points. Before fine-tuning, the seeds of a model
    share one alignment, so they count as one run with their mean transfer. Runs whose source score is 0 have no
    transfer, and do not count in `n`.
    """
    rows = [{**about, **_fit(points, confidence)} for about, points in _cells(scores, alignment, measures)]
    return pd.DataFrame(rows, columns=COLUMNS)


def _cells(
    scores: pd.DataFrame, alignment: pd.DataFrame, measures: Sequence[str]
) -> Iterator[tuple[dict[str, str], pd.DataFrame]]:
    runs = alignment_of_runs(alignment, scores)
    last = runs[(runs["layer"] == runs["layers"]) & (runs["direction"] == "forward") & (runs["method"] == BASELINE)]
    for (task, moment), both in last.groupby(["task", "moment"]):
        for measure in measures:
            cell = both[both["measure"] == measure]
            points = with_transfer(cell, scores).rename(columns={"score": "alignment"}).sort_values(SCORE_KEYS)
            if moment == "before":
                points = points.groupby(["model", "language"], as_index=False)[["alignment", "transfer"]].mean()
            yield {"task": str(task), "moment": str(moment), "measure": measure}, points


def _within(points: pd.DataFrame) -> pd.Series:
    """Alignment minus its least-squares fit by language and model; for complete runs, the means determine that fit."""
    means = pd.get_dummies(points[["language", "model"]], dtype=float).to_numpy()
    alignment = points["alignment"].to_numpy(float)
    return pd.Series(alignment - means @ np.linalg.lstsq(means, alignment)[0], index=points.index)


def _fit(points: pd.DataFrame, confidence: float) -> dict[str, object]:
    languages, models = points["language"].nunique(), points["model"].nunique()
    counts = {"n": len(points), "languages": languages, "models": models}
    points = points.assign(within=_within(points) if len(points) else 0.0, everything=1)
    if languages < 2 or len(points) < languages + models + 3 or np.ptp(points["within"]) < SAME:
        nan = float("nan")
        too_few = "too few runs to tell"
        return {**counts, "slope": nan, "se": nan, "p": nan, "low": nan, "high": nan, "reading": too_few}

    import statsmodels.formula.api as smf

    intercepts = {"language": "0 + C(language)"} | ({"model": "0 + C(model)"} if models > 1 else {})
    model = smf.mixedlm("transfer ~ within", points, groups="everything", vc_formula=intercepts, re_formula="0")
    with warnings.catch_warnings():
        # a variance at its boundary, zero, is a valid result: the intercepts do not differ
        warnings.simplefilter("ignore")
        fitted = model.fit(reml=True)
    slope, se = (STEP * float(side["within"]) for side in (fitted.params, fitted.bse))
    left = stats.t(len(points) - languages - models)  # one mean of languages and models is the same
    low, high = slope + se * left.ppf((1 - confidence) / 2), slope + se * left.ppf((1 + confidence) / 2)
    p = float(2 * left.sf(abs(slope / se)))
    return {**counts, "slope": slope, "se": se, "p": p, "low": low, "high": high, "reading": _reading(slope, low, high)}


def _reading(slope: float, low: float, high: float) -> str:
    """The estimate as a sentence."""
    if low > 0:
        verdict = "alignment predicts transfer within a language"
    elif high < 0:
        verdict = "within a language, more alignment goes with less transfer"
    else:
        verdict = "no sign that alignment predicts transfer within a language"
    return (
        f"{verdict}: {STEP} more of it goes with {100 * slope:+.1f} points of transfer "
        f"[{100 * low:+.1f}, {100 * high:+.1f}]"
    )
