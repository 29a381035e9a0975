"""Does alignment predict transfer within a language? A mixed-effects model that the pooled correlation lacks."""

import warnings
from collections.abc import Iterator

import numpy as np
import pandas as pd

from realign.analysis.correlation import POINT
from realign.analysis.tables import alignment_of_runs

STEP = 0.1
"""The slope is told for so much more alignment."""
COLUMNS = [
    "task", "moment", "kind", "n", "languages", "models", "slope", "se", "p", "low", "high", "reading",
]  # fmt: skip


def mixed_effects(scores: pd.DataFrame, alignment: pd.DataFrame, *, confidence: float) -> pd.DataFrame:
    """Transfer on last-layer forward alignment, with crossed random intercepts for language and model (REML).

    A row for each task, moment and kind, over the baseline runs. `slope` is the transfer that goes with 0.1 more
    alignment inside a language and a model, with its Wald interval and p; nan where it cannot be estimated.
    """
    rows = [{**about, **_fit(points, confidence)} for about, points in _cells(scores, alignment)]
    return pd.DataFrame(rows, columns=COLUMNS)


def _cells(scores: pd.DataFrame, alignment: pd.DataFrame) -> Iterator[tuple[dict[str, str], pd.DataFrame]]:
    runs = alignment_of_runs(alignment, scores)
    last = runs[(runs["layer"] == runs["layers"]) & (runs["direction"] == "forward") & (runs["method"] == "baseline")]
    points = last.rename(columns={"score": "alignment"}).merge(scores[[*POINT, "transfer"]], on=POINT)
    for (task, moment, kind), cell in points.groupby(["task", "moment", "kind"]):
        yield {"task": str(task), "moment": str(moment), "kind": str(kind)}, cell.sort_values(POINT)


def _fit(points: pd.DataFrame, confidence: float) -> dict[str, object]:
    languages, models = points["language"].nunique(), points["model"].nunique()
    counts = {"n": len(points), "languages": languages, "models": models}
    if languages < 2 or np.ptp(points["alignment"]) == 0 or len(points) < languages + models + 3:
        nan = float("nan")
        too_few = "too few runs to tell"
        return {**counts, "slope": nan, "se": nan, "p": nan, "low": nan, "high": nan, "reading": too_few}

    import statsmodels.formula.api as smf

    intercepts = {"language": "0 + C(language)"} | ({"model": "0 + C(model)"} if models > 1 else {})
    model = smf.mixedlm(
        "transfer ~ alignment", points.assign(everything=1), groups="everything", vc_formula=intercepts, re_formula="0"
    )
    with warnings.catch_warnings():
        # a variance at its boundary, zero, is an answer: the intercepts do not differ
        warnings.simplefilter("ignore")
        fitted = model.fit(reml=True)
    low, high = fitted.conf_int(alpha=1 - confidence).loc["alignment"]
    slope, se, low, high = (
        STEP * float(value) for value in (fitted.params["alignment"], fitted.bse["alignment"], low, high)
    )
    p = float(fitted.pvalues["alignment"])
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
