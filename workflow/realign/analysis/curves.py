"""Score and alignment of methods that differ by one number, in order of that number."""

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from realign.analysis.gains import ALL_TARGETS
from realign.analysis.tables import BASELINE

Curves = Iterable[Mapping[str, Any]]
"""Each curve's `name`, the `key` of its setting, and its `values` by method."""
COLUMNS = [
    "curve", "key", "value", "method", "model", "task", "language", "runs", "score", "sd", "gain", "low", "high",
    "before", "after",
]  # fmt: skip


def curves_table(curves: Curves, gains: pd.DataFrame, change: pd.DataFrame, measure: str) -> pd.DataFrame:
    """Score, gain and last-layer forward alignment before and after fine-tuning, along each curve.

    The baseline is in each of them, without a value. Alignment of language `mean` is the mean over the languages.
    """
    aligned = change[
        (change["layer"] == change["layers"]) & (change["measure"] == measure) & (change["direction"] == "forward")
    ]
    cell = ["model", "task", "method"]
    means = aligned.groupby(cell, as_index=False)[["before", "after"]].mean().assign(language=ALL_TARGETS)
    both = pd.concat([aligned[[*cell, "language", "before", "after"]], means])
    rows = gains.merge(both, on=[*cell, "language"], how="left").rename(columns={"mean": "score"})
    parts = [_along(curve, rows) for curve in curves]
    return pd.concat(parts)[COLUMNS].reset_index(drop=True) if parts else pd.DataFrame(columns=COLUMNS)


def _along(curve: Mapping[str, Any], rows: pd.DataFrame) -> pd.DataFrame:
    own = rows[rows["method"].isin([BASELINE, *curve["values"]])]
    named = own.assign(curve=curve["name"], key=curve["key"], value=own["method"].map(curve["values"]))
    return named.sort_values(["task", "model", "language", "value"])
