"""Which measure of alignment, at which layer, predicts transfer best, and how sure that is."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from realign.analysis.correlation import (
    ALL_MODELS,
    Values,
    complete_runs,
    layer_positions,
    permuted_distances,
    resampled_spearman,
    spearman,
)
from realign.analysis.names import task_name
from realign.analysis.tables import BASELINE, alignment_of_runs, with_transfer

COLUMNS = [
    "task", "moment", "model", "measure", "depth", "rank", "rho", "low", "high", "best", "behind", "behind_low",
    "behind_high", "p", "p_any", "languages", "models", "seeds", "n", "pairs",
]  # fmt: skip


@dataclass(frozen=True)
class Resampling:
    """Resamples for each interval, its confidence, and the seed."""

    resamples: int
    confidence: float
    seed: int


def predictors(
    scores: pd.DataFrame, alignment: pd.DataFrame, measures: Sequence[str], resampling: Resampling
) -> pd.DataFrame:
    """ρ of every measure and layer with transfer, compared with the best of a task, moment and model.

    Points are the baseline's (model, seed, language), from source to target; rows of model `all` pool the models. A
    layer's `depth` is from 0, the embeddings, to 1, the last. `rank` 1 is the highest ρ, and `behind` is how far ρ is
    below it. `low` and `high`, `behind_low` and `behind_high` come from the same resamples of languages and models;
    `best` is the share of them in which the row has the highest ρ. `p` permutes languages. `p_any` corrects it for the
    choice: it is the share of permutations in which any row has a p as small (Westfall and Young 1993).
    """
    runs = alignment_of_runs(alignment, scores)
    runs = runs[(runs["method"] == BASELINE) & (runs["direction"] == "forward")]
    rows = [
        {"task": task, "moment": moment, "model": model, **row}
        for (task, moment), cell in runs.groupby(["task", "moment"], sort=False)
        for model, own in _of_models(cell)
        for row in _compared(with_transfer(_at_depths(own), scores), measures, resampling)
    ]
    order = {"task": sorted(runs["task"].unique()), "moment": ["before", "after"], "measure": list(measures)}
    order["model"] = [ALL_MODELS, *sorted(runs["model"].unique())]
    keys = ["task", "moment", "model", "measure", "depth"]
    table = pd.DataFrame(rows, columns=COLUMNS)
    return table.sort_values(
        keys, key=lambda column: column.map(order[column.name].index) if column.name in order else column
    ).reset_index(drop=True)


def _of_models(runs: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """The runs of all models, and of each, if there are several."""
    yield ALL_MODELS, runs
    models = sorted(runs["model"].unique())
    yield from ((model, runs[runs["model"] == model]) for model in models if len(models) > 1)


def _at_depths(runs: pd.DataFrame) -> pd.DataFrame:
    """The rows of layers at the depths that the smallest model has, with their `depth`."""
    positions = layer_positions(sorted(runs["layers"].unique().tolist()))
    depths = [
        runs[runs["layer"] == runs["layers"].map(layer_of)].assign(depth=float(name.removeprefix("depth ")))
        for name, layer_of in positions.items()
        if name.startswith("depth ")
    ]
    return pd.concat(depths)


def _compared(points: pd.DataFrame, measures: Sequence[str], resampling: Resampling) -> list[dict[str, object]]:
    """A row for each measure and depth, over the points that have all of them."""
    index = ["model", "method", "seed", "language", "transfer"]
    wide = points.pivot(index=index, columns=["measure", "depth"], values="score").dropna()
    about = wide.index.to_frame(index=False)
    cells: list[tuple[str, float]] = [
        (measure, depth) for measure in measures for depth in sorted(wide.get(measure, ()))
    ]
    if about.empty:
        return []
    alignment = [wide[cell].to_numpy(float) for cell in cells]
    transfer, languages, models = about["transfer"].to_numpy(float), tuple(about["language"]), tuple(about["model"])
    drawn = (languages, models, resampling.resamples, resampling.seed)
    rho = np.array([spearman(scores, transfer)[0] for scores in alignment])
    resampled = np.array([resampled_spearman(scores, transfer, *drawn) for scores in alignment])
    if len(set(languages)) < 2:
        resampled[:] = np.nan
    distances = [
        permuted_distances(*complete_runs(about.assign(score=scores)), resampling.seed) for scores in alignment
    ]
    counts = {
        "languages": len(set(languages)), "models": len(set(models)), "seeds": about["seed"].nunique(), "n": len(about),
    }  # fmt: skip
    pairs = points.groupby("measure")["n"].max()
    return [
        {"measure": measure, "depth": depth, **numbers, **counts, "pairs": int(pairs[measure])}
        for (measure, depth), numbers in zip(cells, _numbers(rho, resampled, distances, resampling), strict=True)
    ]


def _numbers(
    rho: Values, resampled: Values, distances: list[Values | None], resampling: Resampling
) -> Iterator[dict[str, float]]:
    """Ranks, intervals and p-values of cells, from ρ [cells], resampled ρ [cells, resamples] and permuted distances."""
    shares = [None if distance is None else _shares(distance) for distance in distances]
    tested = [share for share in shares if share is not None]
    smallest = np.min(tested, axis=0) if tested else np.ones(1)
    ranks = pd.Series(rho).rank(ascending=False, method="min")
    first = int(np.nanargmax(rho)) if np.isfinite(rho).any() else 0
    comparable = np.where(np.isfinite(resampled), resampled, -np.inf)
    highest = comparable.max(axis=0)
    usable = np.isfinite(highest)
    tied = (comparable >= highest - 1e-9) & usable  # cells that share the highest ρ share the resample
    best = (tied / np.maximum(tied.sum(axis=0), 1)).sum(axis=1) / max(1, usable.sum())
    for cell, share in enumerate(shares):
        low, high = _interval(resampled[cell], resampling.confidence)
        behind_low, behind_high = _interval(resampled[first] - resampled[cell], resampling.confidence)
        yield {
            "rank": ranks[cell],
            "rho": rho[cell],
            "low": low,
            "high": high,
            "best": best[cell] if usable.any() else float("nan"),
            "behind": rho[first] - rho[cell],
            "behind_low": behind_low,
            "behind_high": behind_high,
            "p": float("nan") if share is None else share[0],
            "p_any": float("nan") if share is None else float((smallest <= share[0]).mean()),
        }


def _shares(distances: Values) -> Values:
    """The p that each permutation would have if it were the observed one; ρ that differ by rounding are the same."""
    shares: Values = stats.rankdata(-distances.round(9), method="max") / len(distances)
    return shares


def _interval(resampled: Values, confidence: float) -> tuple[float, float]:
    finite = resampled[np.isfinite(resampled)]
    if not len(finite):
        return float("nan"), float("nan")
    low, high = np.quantile(finite, [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(low), float(high)


def best_predictor(table: pd.DataFrame, task: str, moment: str, confidence: float) -> str:
    """A sentence about the measure and layer with the highest ρ over all models, and how sure that is."""
    rows = table[(table["task"] == task) & (table["moment"] == moment) & (table["model"] == ALL_MODELS)]
    known = rows[rows["rho"].notna()]
    if known.empty:
        return f"{task_name(task)}, {moment} fine-tuning: too few points to compare measures."
    best = known.sort_values("rank", kind="stable").iloc[0]
    others = known.drop(index=best.name)
    behind = int((others["behind_low"] > 0).sum())
    return (
        f"{task_name(task)}, {moment} fine-tuning: {best['measure']} at depth {best['depth']:.2f} has the highest ρ, "
        f"{best['rho']:.2f} [{best['low']:.2f}, {best['high']:.2f}]. It is the best of {len(known)} in "
        f"{best['best']:.0%} of resamples; {behind} of the others are behind it with {confidence:.0%} confidence. "
        f"p = {best['p_any']:.2g} for the best of so many."
    )
