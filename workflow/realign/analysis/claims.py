"""When realignment helps: the study's claims, each as a number with an interval over languages and seeds."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from realign.analysis.correlation import ALL_METHODS, draw_weights, weighted_spearman
from realign.analysis.tables import BASELINE, alignment_of_runs

Values = NDArray[np.float64]
ALL_TASKS = "all"
"""The entry in column `task` for a claim over all tasks together."""
STEP = 0.1
"""Claims about alignment and correlation are stated for a difference of this much."""
COLUMNS = ["claim", "task", "method", "over", "languages", "models", "seeds", "estimate", "low", "high", "reading"]
FEWEST = 3
"""Languages, and cells of task and model, of which at least so many are needed for a slope."""


@dataclass(frozen=True)
class Claim:
    """What an estimate measures, and how it reads if its interval is above zero, or below it."""

    name: str
    unit: str
    holds: str
    opposite: str


DISTANT = Claim(
    "distant",
    f"for {STEP} less pretrained alignment",
    "languages that are aligned worse gain more",
    "languages that are aligned better gain more",
)
SMALL = Claim("small", "for half the parameters", "smaller models gain more", "larger models gain more")
CORRELATED = Claim(
    "correlated",
    f"for {STEP} more correlation",
    "realignment helps more where alignment correlates with transfer",
    "realignment helps less where alignment correlates with transfer",
)
METHOD = Claim("method", "over the other method", "this method gains more", "the other method gains more")


@dataclass(frozen=True)
class Gains:
    """Gains over the baseline of the same seed [models, seeds, languages], and the names along each side."""

    values: Values
    models: list[str]
    seeds: list[int]
    languages: list[str]

    def of_languages(self, seed_weights: Values) -> Values:
        """The mean over weighted seeds: [resamples, models, languages]."""
        means: Values = np.einsum("rs,msl->rml", seed_weights, self.values) / len(self.seeds)
        return means


def claims(
    scores: pd.DataFrame,
    alignment: pd.DataFrame,
    models: pd.DataFrame,
    methods: Sequence[str],
    measure: str,
    *,
    resamples: int,
    confidence: float,
    seed: int,
) -> pd.DataFrame:
    """The study's claims about when realignment helps, for each task and method; `all` is the mean of the methods.

    `estimate` is a difference of gains, as a share of the metric (0.01 is a point); above zero, the claim holds.

    `distant`: languages far from the source language gain more. The gain that goes with 0.1 less alignment of the
    pretrained encoder (last layer, forward, the first measure) within a model: a least-squares slope over languages
    with an intercept for each model.

    `small`: smaller models gain more. The gain that goes with half the parameters: a slope of the mean gain over
    languages on the binary logarithm of the parameters, over the models.

    `correlated`: realignment helps more where alignment correlates with transfer. The gain that goes with 0.1 more
    correlation: a slope, over cells of task and model, of the mean gain on the baseline's Spearman's ρ between
    pretrained alignment and transfer.

    `method`: this method's mean gain minus that of the method `over`, over the models that have both.

    Intervals are percentiles over resampled languages and seeds, drawn together for all models, tasks and methods;
    languages bring the chance of their test sentences along. Models and tasks are taken as they are. With few
    languages, percentile intervals are rather too short.
    """
    table = pd.DataFrame(
        _rows(scores, alignment, models, methods, measure, _Draws(scores, resamples, confidence, seed)), columns=COLUMNS
    )
    return table.sort_values(["claim", "task"], kind="stable", ignore_index=True)


class _Draws:
    """Weights of languages and seeds: in the first row 1, for the estimate itself, and below it those of resamples."""

    def __init__(self, scores: pd.DataFrame, resamples: int, confidence: float, seed: int) -> None:
        rng = np.random.default_rng(seed)
        self.tails = [(1 - confidence) / 2, (1 + confidence) / 2]
        self._weights: dict[str, dict[object, Values]] = {}
        for column in ("language", "seed"):
            names = sorted(scores[column].unique())
            drawn = np.concatenate([np.ones((1, len(names))), draw_weights(len(names), resamples, rng)])
            self._weights[column] = dict(zip(names, drawn.T, strict=True))

    def of(self, column: str, names: Sequence[object]) -> Values:
        """Weights [resamples + 1, names], whose sum in each row is the number of names."""
        weights = np.stack([self._weights[column][name] for name in names], axis=1)
        with np.errstate(invalid="ignore"):
            scaled: Values = weights * len(names) / weights.sum(axis=1, keepdims=True)
        return scaled


def _rows(
    scores: pd.DataFrame,
    alignment: pd.DataFrame,
    models: pd.DataFrame,
    methods: Sequence[str],
    measure: str,
    draws: _Draws,
) -> Iterator[dict[str, object]]:
    aligned = _pretrained(alignment, scores, measure)
    sizes = models.set_index("model")["parameters"]
    realigning = [method for method in methods if method != BASELINE]
    tasks = sorted(scores["task"].unique())
    gains = {
        (task, method): found
        for task in tasks
        for method in [*realigning, *[ALL_METHODS] * (len(realigning) > 1)]
        if (found := _gains(scores, task, realigning if method == ALL_METHODS else [method], aligned.columns))
        is not None
    }
    for (task, method), found in gains.items():
        yield _row(DISTANT, task, method, "", found, draws, _distant(found, aligned, draws))
        yield _row(SMALL, task, method, "", found, draws, _small(found, sizes, draws))
    for task in tasks:
        for one, other in combinations([method for method in realigning if (task, method) in gains], 2):
            shared = [name for name in gains[task, one].models if name in gains[task, other].models]
            if shared:
                both = [_of_models(gains[task, method], shared) for method in (one, other)]
                yield _row(METHOD, task, one, other, both[0], draws, _mean(both[0], draws) - _mean(both[1], draws))
    correlated = {
        (task, model): rho
        for task in tasks
        for model in aligned.index
        if (rho := _correlation(scores, aligned, task, model, draws)) is not None
    }
    for method in dict.fromkeys(method for _, method in gains):
        cells = {task: found for (task, own), found in gains.items() if own == method}
        yield _row(
            CORRELATED, ALL_TASKS, method, "", next(iter(cells.values())), draws, _correlated(cells, correlated, draws)
        )


def _pretrained(alignment: pd.DataFrame, scores: pd.DataFrame, measure: str) -> pd.DataFrame:
    """Alignment of the pretrained encoders, last layer and forward, by model (rows) and language (columns)."""
    runs = alignment_of_runs(alignment, scores)
    last = (runs["layer"] == runs["layers"]) & (runs["direction"] == "forward") & (runs["measure"] == measure)
    runs = runs[last & (runs["moment"] == "before") & (runs["method"] == BASELINE)]
    return runs.pivot_table(index="model", columns="language", values="score")


def _gains(scores: pd.DataFrame, task: str, methods: Sequence[str], languages: "pd.Index[str]") -> Gains | None:
    """The mean gain of several methods in the target languages, for the models that have all of them."""
    own = scores[(scores["task"] == task) & scores["language"].isin(languages)]
    means = own.pivot_table(index=["model", "seed"], columns=["method", "language"], values="score")
    if not {BASELINE, *methods} <= set(means.columns.get_level_values("method")):
        return None
    baseline = means[BASELINE]
    gain = sum((means[method] - baseline for method in methods), 0 * baseline) / len(methods)
    complete = gain.dropna().unstack("seed").dropna()  # [models, languages and seeds]
    if complete.empty:
        return None
    wide = complete.stack("seed", future_stack=True)
    seeds = sorted(set(wide.index.get_level_values("seed")))
    values = wide.to_numpy(float).reshape(len(complete), len(seeds), -1)
    return Gains(values, list(complete.index), seeds, list(wide.columns))


def _of_models(gains: Gains, models: list[str]) -> Gains:
    return Gains(gains.values[[gains.models.index(name) for name in models]], models, gains.seeds, gains.languages)


def _mean(gains: Gains, draws: _Draws) -> Values:
    """The mean gain over models, seeds and languages: [resamples + 1]."""
    means: Values = _by_model(gains, draws).mean(axis=1)
    return means


def _by_model(gains: Gains, draws: _Draws) -> Values:
    """The mean gain of each model: [resamples + 1, models]."""
    languages = draws.of("language", gains.languages)
    by_language = gains.of_languages(draws.of("seed", gains.seeds))
    means: Values = np.einsum("rl,rml->rm", languages, by_language) / len(gains.languages)
    return means


def _distant(gains: Gains, aligned: pd.DataFrame, draws: _Draws) -> Values | None:
    if len(gains.languages) < FEWEST:
        return None
    weights = draws.of("language", gains.languages)
    x = aligned.loc[gains.models, gains.languages].to_numpy(float)  # [models, languages]
    centred = x[None] - (weights @ x.T)[:, :, None] / len(gains.languages)
    products = np.einsum("rl,rml,rml->r", weights, centred, gains.of_languages(draws.of("seed", gains.seeds)))
    return _slope(products, np.einsum("rl,rml,rml->r", weights, centred, centred), -STEP)


def _small(gains: Gains, sizes: "pd.Series[float]", draws: _Draws) -> Values | None:
    x = np.log2(sizes.loc[gains.models].to_numpy(float))
    centred = x - x.mean()
    if np.ptp(x) == 0:
        return None
    return _slope(_by_model(gains, draws) @ centred, np.full(1, centred @ centred), -1)


def _correlated(gains: dict[str, Gains], correlations: dict[tuple[str, str], Values], draws: _Draws) -> Values | None:
    """A slope over cells (task, model)."""
    pairs = [
        (correlations[task, model], _by_model(found, draws)[:, number])
        for task, found in gains.items()
        for number, model in enumerate(found.models)
        if (task, model) in correlations
    ]
    if len(pairs) < FEWEST:
        return None
    x, y = (np.stack(side, axis=1) for side in zip(*pairs, strict=True))  # [resamples + 1, cells]
    centred = x - x.mean(axis=1, keepdims=True)
    return _slope((centred * y).sum(axis=1), (centred**2).sum(axis=1), STEP)


def _correlation(scores: pd.DataFrame, aligned: pd.DataFrame, task: str, model: str, draws: _Draws) -> Values | None:
    """ρ of the baseline's transfer with pretrained alignment within a model: [resamples + 1]."""
    own = scores[(scores["task"] == task) & (scores["model"] == model) & (scores["method"] == BASELINE)]
    own = own[own["language"].isin(aligned.columns) & np.isfinite(own["transfer"])]
    if own["language"].nunique() < FEWEST:
        return None
    weights = draws.of("language", own["language"].tolist()) * draws.of("seed", own["seed"].tolist())
    x = aligned.loc[model, own["language"]].to_numpy(float)
    return weighted_spearman(x, own["transfer"].to_numpy(float), weights)


def _slope(products: Values, squares: Values, step: float) -> Values:
    with np.errstate(invalid="ignore", divide="ignore"):
        slopes: Values = step * np.where(squares > 1e-12, products / squares, np.nan)
    return slopes


def _row(
    claim: Claim, task: str, method: str, over: str, gains: Gains, draws: _Draws, found: Values | None
) -> dict[str, object]:
    estimate = low = high = float("nan")
    if found is not None and np.isfinite(found[0]):
        estimate = float(found[0])
        finite = found[1:][np.isfinite(found[1:])]
        if len(finite) and len(gains.languages) >= FEWEST:
            low, high = (float(end) for end in np.quantile(finite, draws.tails))
    counts = {"languages": len(gains.languages), "models": len(gains.models), "seeds": len(gains.seeds)}
    about = {"claim": claim.name, "task": task, "method": method, "over": over}
    reading = _reading(claim, estimate, low, high)
    return {**about, **counts, "estimate": estimate, "low": low, "high": high, "reading": reading}


def _reading(claim: Claim, estimate: float, low: float, high: float) -> str:
    """The estimate as a sentence."""
    if np.isnan(estimate) or np.isnan(low):
        return f"too few languages, models or tasks to tell whether {claim.holds}"
    verdict = claim.holds if low > 0 else claim.opposite if high < 0 else f"no sign that {claim.holds}"
    return f"{verdict}: {100 * estimate:+.1f} points {claim.unit} [{100 * low:+.1f}, {100 * high:+.1f}]"
