"""Spearman's ρ between alignment and cross-lingual transfer; its intervals and tests take languages as the sample.

Points of one language are not independent: they share its data, and before fine-tuning the seeds of a model share even
the alignment. So intervals resample languages (and models), and p-values permute languages, not points.
"""

from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from itertools import permutations, product
from math import factorial
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats
from statsmodels.stats.multitest import multipletests

from realign.analysis.tables import BASELINE, SCORE_KEYS, alignment_of_runs, with_transfer

Values = NDArray[np.float64]
Weights = NDArray[np.float64]
ALL_METHODS = "all"
"""The entry in column `method` for the points of every method together."""
ALL_MODELS = "all"
"""The entry in column `model` for the points of every model together."""
LAST_TWO = ("last", "penultimate")
MOST_PERMUTATIONS = 10_000
"""Up to this many permutations of the languages are all made (7 languages have 5,040); of more, as many are drawn."""
PRINTED = 2
"""This many measures, the first ones, stand in the tables of the paper, and are corrected together."""
CEILING = 0.95
"""Mean alignment from which languages can hardly be told apart, for measures that end at 1."""


class Centred(NamedTuple):
    """Ranks [resamples, points] less their weighted mean in each resample, and the weighted sum of their squares."""

    ranks: Values
    squares: Values


def spearman(x: Values, y: Values) -> tuple[float, float]:
    """ρ and its two-sided p as if points were independent; both nan for fewer than three points or a constant side."""
    if len(x) < 3 or np.ptp(x) == 0 or np.ptp(y) == 0:
        return float("nan"), float("nan")
    result = stats.spearmanr(x, y)
    return float(result.statistic), float(result.pvalue)


def draw_weights(count: int, resamples: int, rng: np.random.Generator) -> Weights:
    """How often each of `count` things is drawn, in bootstrap resamples of as many: [resamples, count]."""
    return rng.multinomial(count, np.full(count, 1 / count), size=resamples).astype(float)


def weighted_spearman(x: Values, y: Values, weights: Weights) -> Values:
    """ρ [resamples] of points that stand in each resample as often as `weights` [resamples, points] says."""
    return _weighted_pearson(_centred_ranks(x, weights), _centred_ranks(y, weights), weights)


def _weighted_pearson(x: Centred, y: Centred, weights: Weights) -> Values:
    scale = np.sqrt(x.squares * y.squares)
    with np.errstate(invalid="ignore", divide="ignore"):
        rho: Values = np.where(scale > 1e-9, (weights * x.ranks * y.ranks).sum(axis=1) / scale, np.nan)
    return rho


def _centred_ranks(values: Values, weights: Weights) -> Centred:
    """The ranks of weighted points."""
    ranks = _weighted_ranks(values, weights)
    with np.errstate(invalid="ignore", divide="ignore"):
        ranks -= (weights * ranks).sum(axis=1, keepdims=True) / weights.sum(axis=1, keepdims=True)
    return Centred(ranks, (weights * ranks**2).sum(axis=1))


def _weighted_ranks(values: Values, weights: Weights) -> Values:
    """The mean rank of each point among weighted points: [resamples, points]."""
    _, place = np.unique(values, return_inverse=True)
    order = np.argsort(place, kind="stable")
    starts = np.flatnonzero(np.diff(place[order], prepend=-1))
    tied = np.add.reduceat(weights[:, order], starts, axis=1)  # [resamples, distinct values]
    ranks: Values = (np.cumsum(tied, axis=1) - (tied - 1) / 2)[:, place]
    return ranks


@lru_cache(maxsize=8)  # the cells of a table have mostly the same points
def resampled_weights(languages: tuple[str, ...], models: tuple[str, ...], resamples: int, seed: int) -> Weights:
    """How often each point counts in resamples of languages and, where there are several, models: [resamples, points].

    Languages and models are drawn independently (a crossed bootstrap; Owen 2007), and a point counts as often as its
    language and its model together; seeds stay as they are.
    """
    rng = np.random.default_rng(seed)
    weights = np.ones((resamples, len(languages)))
    for names in (languages, models):
        distinct, place = np.unique(np.array(names), return_inverse=True)
        if len(distinct) > 1:
            weights *= draw_weights(len(distinct), resamples, rng)[:, place]
    weights.setflags(write=False)
    return weights


@lru_cache(maxsize=2)  # the cells of all measures have mostly the same transfer
def _resampled_ranks(
    values: tuple[float, ...], languages: tuple[str, ...], models: tuple[str, ...], resamples: int, seed: int
) -> Centred:
    return _centred_ranks(np.array(values), resampled_weights(languages, models, resamples, seed))


def resampled_spearman(
    x: Values, y: Values, languages: Sequence[str], models: Sequence[str], resamples: int, seed: int
) -> Values:
    """ρ [resamples] over the resamples of `resampled_weights`."""
    drawn = (tuple(languages), tuple(models), resamples, seed)
    ranks_x, ranks_y = (_resampled_ranks(tuple(side.tolist()), *drawn) for side in (x, y))
    return _weighted_pearson(ranks_x, ranks_y, resampled_weights(*drawn))


def bootstrap_interval(
    x: Values, y: Values, languages: Sequence[str], models: Sequence[str], resamples: int, confidence: float, seed: int
) -> tuple[float, float]:
    """Percentile interval of ρ over resampled languages and, where there are several, models; seeds stay as they are.

    Resamples with a constant side are left out.
    """
    if len(x) < 3 or len(set(languages)) < 2:
        return float("nan"), float("nan")
    rho = resampled_spearman(x, y, languages, models, resamples, seed)
    rho = rho[np.isfinite(rho)]
    if not len(rho):
        return float("nan"), float("nan")
    low, high = np.quantile(rho, [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(low), float(high)


@cache
def language_permutations(count: int, seed: int) -> NDArray[np.int64]:
    """Permutations of `count` languages, the identity first: all of them, or else drawn ones: [permutations, count]."""
    if factorial(count) <= MOST_PERMUTATIONS:
        return np.array(list(permutations(range(count))))
    drawn = np.random.default_rng(seed).permuted(np.tile(np.arange(count), (MOST_PERMUTATIONS - 1, 1)), axis=1)
    return np.concatenate([np.arange(count)[None], drawn])


def permutation_test(x: Values, y: Values, seed: int) -> tuple[float, float]:
    """Two-sided p of Spearman's ρ between x and y, both [languages, runs], and the smallest p that they could have.

    Under the null hypothesis, which language has which alignment has nothing to do with its transfer. So the rows of x
    are permuted, all runs (models, methods and seeds) of a language together; differences between models stay as they
    are and are not tested. p is the share of permutations whose ρ is at least as far from the mean ρ of all as the
    observed one, which counts itself. It is exact where all permutations are made. The smallest p is that of the
    permutation with the most extreme ρ: 1/120 for five languages, 2/120 if the reverse order is as extreme.
    """
    distance = permuted_distances(x, y, seed)
    if distance is None:
        return float("nan"), float("nan")
    return p_of(distance[0], distance), p_of(distance.max(), distance)


def permuted_distances(x: Values, y: Values, seed: int) -> Values | None:
    """How far ρ of x and y, both [languages, runs], is from its mean over all permutations of the languages of x.

    One number for each permutation, the observed order first; None for a constant side or a single language.
    """
    count = len(x)
    if count < 2 or np.ptp(x) == 0 or np.ptp(y) == 0:
        return None
    ranks_x, ranks_y = (stats.rankdata(side).reshape(side.shape) for side in (x, y))
    centred_x, centred_y = (ranks - ranks.mean() for ranks in (ranks_x, ranks_y))
    both = centred_x @ centred_y.T / np.sqrt((centred_x**2).sum() * (centred_y**2).sum())  # [language of x, of y]
    order = language_permutations(count, seed)
    rho = both[order, np.arange(count)].sum(axis=1)
    distance: Values = np.abs(rho - both.sum() / count)  # the mean over all permutations is known
    return distance


def p_of(reached: float, distances: Values) -> float:
    """The share of permutations whose distance is at least that far, up to rounding."""
    return float((distances >= reached - 1e-9).mean())


def headline(correlations: pd.DataFrame, task: str, moment: str, measure: str) -> "pd.Series[Any]":
    """The row that answers the study's question: baseline, all models, last layer, from source to target."""
    chosen = {"task": task, "moment": moment, "method": BASELINE, "model": ALL_MODELS}
    chosen |= {"position": "last", "measure": measure, "direction": "forward"}
    return correlations[(correlations[list(chosen)] == pd.Series(chosen)).all(axis=1)].iloc[0]


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
    """ρ over (model, seed, target language) points, for each task, method, position, moment, direction and measure.

    Rows of method `baseline` answer the study's question; rows of method `all` pool the points of every method. Rows of
    model `all` pool the models, and where there are several, the last two layers also have rows within each model.
    `low` and `high` are from `bootstrap_interval`, `p` and the smallest p possible (`p_least`) from `permutation_test`,
    which takes the runs that have every language. `p_plain` is Spearman's, as if all points were independent. `p_holm`
    is p corrected over the cells of one method and model, separately for the last two layers and for all depths, and
    for the first two measures and for all others.
    `languages`, `models`, `seeds` and `n` count what the points are made of, `pairs` the word pairs behind each
    alignment score, and `ceiling` names the models whose mean alignment is at least `CEILING`. Runs whose source score
    is 0 have no transfer and do not count.
    """
    runs = alignment_of_runs(alignment, scores)
    # names as Python's strings, which are faster to go through than Arrow's
    points = with_transfer(runs, scores)
    points = points.astype(dict.fromkeys(points.select_dtypes("string").columns, object))
    rows = [
        {**about, **_correlate(cell, resamples, confidence, seed)}
        for about, cell in _cells(runs, points, methods, measures)
    ]
    table = pd.DataFrame(rows)
    family = ["method", "model", table["position"].isin(LAST_TWO), table["measure"].isin(measures[:PRINTED])]
    table["p_holm"] = table.groupby(family)["p"].transform(holm)
    return table


def holm(p: pd.Series) -> pd.Series:
    """p-values corrected for testing all of them (Holm 1979); nan is not a test and stays nan."""
    tested = p.dropna()
    corrected = pd.Series(multipletests(tested, method="holm")[1] if len(tested) else [], index=tested.index)
    return corrected.reindex(p.index)


def _cells(
    runs: pd.DataFrame, points: pd.DataFrame, methods: Sequence[str], measures: Sequence[str]
) -> Iterator[tuple[dict[str, str], pd.DataFrame]]:
    """The points of every cell of the table, in its order; a cell whose runs have no transfer is empty."""
    positions = layer_positions(sorted(runs["layers"].unique().tolist()))
    models = sorted(runs["model"].unique())
    kinds = list(product(("before", "after"), measures, ("forward", "backward")))
    for task in sorted(runs["task"].unique()):
        for method in [*methods, ALL_METHODS] if len(methods) > 1 else methods:
            chosen = points[(points["task"] == task) & ((points["method"] == method) | (method == ALL_METHODS))]
            for position, layer_of in positions.items():
                at_layer = chosen[chosen["layer"] == chosen["layers"].map(layer_of)].sort_values(SCORE_KEYS)
                cells = dict(iter(at_layer.groupby(["moment", "measure", "direction"], sort=False)))
                within = models if position in LAST_TWO and len(models) > 1 else []
                for kind, model in product(kinds, [ALL_MODELS, *within]):
                    cell = cells.get(kind, at_layer.iloc[:0])
                    moment, measure, direction = kind
                    about = dict(task=task, method=method, model=model, position=position)
                    about |= dict(moment=moment, measure=measure, direction=direction)
                    yield about, cell if model == ALL_MODELS else cell[cell["model"] == model]


def _correlate(points: pd.DataFrame, resamples: int, confidence: float, seed: int) -> dict[str, object]:
    x, y = points["score"].to_numpy(float), points["transfer"].to_numpy(float)
    languages, models = points["language"].tolist(), points["model"].tolist()
    rho, p_plain = spearman(x, y)
    low, high = bootstrap_interval(x, y, languages, models, resamples, confidence, seed)
    p, p_least = permutation_test(*complete_runs(points), seed)
    of_model = points["model"].to_numpy()
    means = {model: x[of_model == model].mean() for model in sorted(set(models))}
    return {
        "languages": len(set(languages)),
        "models": len(means),
        "seeds": points["seed"].nunique(),
        "n": len(points),
        "rho": rho,
        "low": low,
        "high": high,
        "p": p,
        "p_least": p_least,
        "p_plain": p_plain,
        "pairs": points["n"].max() if len(points) else 0,
        "ceiling": " ".join(model for model, mean in means.items() if mean >= CEILING),
    }


def complete_runs(points: pd.DataFrame) -> tuple[Values, Values]:
    """Alignment and transfer of the runs that have every language: [languages, runs] each."""
    keys = list(zip(points["model"], points["method"], points["seed"], strict=True))
    languages, runs = (
        {key: place for place, key in enumerate(sorted(set(found)))} for found in (points["language"], keys)
    )
    table = np.full((2, len(languages), len(runs)), np.nan)
    rows, columns = [languages[language] for language in points["language"]], [runs[key] for key in keys]
    table[:, rows, columns] = points["score"], points["transfer"]
    alignment, transfer = table[:, :, np.isfinite(table).all(axis=(0, 1))]
    return alignment, transfer
