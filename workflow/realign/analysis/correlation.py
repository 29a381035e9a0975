"""Spearman's ρ between alignment and cross-lingual transfer, with paired bootstrap intervals."""

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats
from statsmodels.stats.multitest import multipletests

from realign.analysis.tables import SCORE_KEYS, alignment_of_runs, with_transfer

Values = NDArray[np.float64]
ALL_METHODS = "all"
LAST_TWO = ("last", "penultimate")


def spearman(x: Values, y: Values) -> tuple[float, float]:
    """ρ and its two-sided p; both are nan for fewer than three points or a constant side."""
    if len(x) < 3 or np.ptp(x) == 0 or np.ptp(y) == 0:
        return float("nan"), float("nan")
    result = stats.spearmanr(x, y)
    return float(result.statistic), float(result.pvalue)


def bootstrap_interval(x: Values, y: Values, resamples: int, confidence: float, seed: int) -> tuple[float, float]:
    """Percentile interval of ρ over resampled points (x_i, y_i); resamples with a constant side are left out."""
    if len(x) < 3:
        return float("nan"), float("nan")
    chosen = np.random.default_rng(seed).integers(len(x), size=(resamples, len(x)))
    ranks_x, ranks_y = (stats.rankdata(side[chosen], axis=1) for side in (x, y))  # [resamples, points]
    centred_x, centred_y = (ranks - ranks.mean(axis=1, keepdims=True) for ranks in (ranks_x, ranks_y))
    scale = np.sqrt((centred_x**2).sum(axis=1) * (centred_y**2).sum(axis=1))
    varied = scale > 0
    if not varied.any():
        return float("nan"), float("nan")
    rho = (centred_x * centred_y).sum(axis=1)[varied] / scale[varied]
    low, high = np.quantile(rho, [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(low), float(high)


def layer_positions(layers: list[int]) -> dict[str, dict[int, int]]:
    """Layer positions by name; each maps a model's number of layers to its layer at that position.

    `last`, `penultimate`, and every relative depth of the smallest model, from `depth 0.00` (embeddings) up.
    """
    smallest = min(layers)
    positions = {
        "last": {count: count for count in layers},
        "penultimate": {count: count - 1 for count in layers},
    }
    for step in range(smallest + 1):
        depth = step / smallest
        positions[f"depth {depth:.2f}"] = {count: round(depth * count) for count in layers}
    return positions


def correlations(
    scores: pd.DataFrame,
    alignment: pd.DataFrame,
    methods: Sequence[str],
    measures: Sequence[str],
    *,
    resamples: int,
    confidence: float,
    seed: int,
) -> pd.DataFrame:
    """ρ over all (model, seed, target language) points, for each task, method, position, moment, direction and measure.

    Rows of method `baseline` answer the study's question; rows of `all` pool the points of every method. `p_holm` is p
    corrected over the cells of one method, separately for the last two layers and for all depths. Runs whose source
    score is 0 have no transfer, and do not count in `n`.
    """
    runs = alignment_of_runs(alignment, scores)
    rows = [
        {**about, **_correlate(with_transfer(group, scores), resamples, confidence, seed)}
        for about, group in _groups(runs, methods, measures)
    ]
    table = pd.DataFrame(rows)
    table["p_holm"] = table.groupby(["method", table["position"].isin(LAST_TWO)])["p"].transform(holm)
    return table


def holm(p: pd.Series) -> pd.Series:
    """p-values corrected for testing all of them (Holm 1979); nan is not a test and stays nan."""
    tested = p.dropna()
    corrected = pd.Series(multipletests(tested, method="holm")[1] if len(tested) else [], index=tested.index)
    return corrected.reindex(p.index)


def _groups(
    runs: pd.DataFrame, methods: Sequence[str], measures: Sequence[str]
) -> Iterator[tuple[dict[str, str], pd.DataFrame]]:
    """The runs of every cell of the table, in its order."""
    positions = layer_positions(sorted(runs["layers"].unique().tolist()))
    for task in sorted(runs["task"].unique()):
        for method in [*methods, ALL_METHODS] if len(methods) > 1 else methods:
            chosen = runs[(runs["task"] == task) & ((runs["method"] == method) | (method == ALL_METHODS))]
            for position, layer_of in positions.items():
                at_layer = chosen[chosen["layer"] == chosen["layers"].map(layer_of)]
                for moment in ("before", "after"):
                    for measure in measures:
                        for direction in ("forward", "backward"):
                            about = dict(
                                task=task,
                                method=method,
                                position=position,
                                moment=moment,
                                measure=measure,
                                direction=direction,
                            )
                            cell = at_layer[
                                (at_layer["moment"] == moment)
                                & (at_layer["measure"] == measure)
                                & (at_layer["direction"] == direction)
                            ]
                            yield about, cell.sort_values(SCORE_KEYS)


def _correlate(points: pd.DataFrame, resamples: int, confidence: float, seed: int) -> dict[str, float]:
    x, y = points["score"].to_numpy(float), points["transfer"].to_numpy(float)
    rho, p = spearman(x, y)
    low, high = bootstrap_interval(x, y, resamples, confidence, seed)
    return {"n": len(points), "rho": rho, "p": p, "low": low, "high": high}
