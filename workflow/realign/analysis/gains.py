"""The gain of realignment over the baseline, and the change of alignment by fine-tuning."""

import hashlib
from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
from numpy.random import Generator
from numpy.typing import NDArray

from realign.alignment.records import ScoreRecord
from realign.analysis.tables import BASELINE, alignment_of_runs, in_order

ALL_TARGETS = "mean"
"""The entry in column `language` for the mean over the target languages."""

DRAWN_AT_ONCE = 2**20
"""Number of sentences drawn at once, which takes 8 MiB of weights."""

Counts = NDArray[np.float64]
Draws = NDArray[np.int64]


def run_counts(records: Sequence[ScoreRecord]) -> Counts:
    """Numerators and denominators of several runs on the same sentences: [runs, 2, sentences]."""
    return np.array([[record.numerators, record.denominators] for record in records], dtype=float)


def metric(counts: Counts) -> Counts:
    """The metric of each run [runs] from its counts [runs, 2, sentences]."""
    totals = counts.sum(axis=2)
    return np.divide(totals[:, 0], totals[:, 1], out=np.zeros(len(totals)), where=totals[:, 1] > 0)


def bootstrap_gain(method: Counts, baseline: Counts, drawn_seeds: Draws, rng: Generator) -> Counts:
    """Resampled mean gains [resamples] over runs paired by seed; `drawn_seeds` is [resamples, runs].

    Each resample also draws sentences, once for all of its runs and both sides, because they all share one test set.
    The interval therefore covers the variance of training and, however many seeds there are, all of the variance of the
    test set.
    """
    differences = np.concatenate(
        [_resampled(method, baseline, len(part), rng) for part in _chunks(drawn_seeds, method.shape[2])]
    )  # [resamples, runs]
    return np.take_along_axis(differences, drawn_seeds, axis=1).mean(axis=1)


def _chunks(drawn_seeds: Draws, sentences: int) -> list[Draws]:
    """The resamples in parts whose sentences fit easily into memory."""
    size = max(1, DRAWN_AT_ONCE // sentences)
    return [drawn_seeds[start : start + size] for start in range(0, len(drawn_seeds), size)]


def _resampled(method: Counts, baseline: Counts, resamples: int, rng: Generator) -> Counts:
    """The gain of every run on sentences drawn anew in each resample: [resamples, runs]."""
    sentences = method.shape[2]
    drawn = rng.integers(sentences, size=(resamples, sentences)) + sentences * np.arange(resamples)[:, None]
    # how often each sentence is drawn
    weights = np.bincount(drawn.ravel(), minlength=drawn.size).reshape(drawn.shape).astype(float)
    with_method, without = (_weighted(side, weights) for side in (method, baseline))
    return with_method - without


def _weighted(counts: Counts, weights: Counts) -> Counts:
    """The metric [resamples, runs] of counts [runs, 2, sentences] with sentences weighted: [resamples, sentences]."""
    numerators, denominators = (weights @ counts[:, side].T for side in (0, 1))
    return np.divide(numerators, denominators, out=np.zeros_like(numerators), where=denominators > 0)


def _stream(seed: int, *key: str) -> Generator:
    """Random numbers for one key, which do not depend on the other cells of the table."""
    digest = hashlib.sha256("\0".join(key).encode()).digest()
    return np.random.default_rng([seed, *digest])


def realignment_gains(
    records: Iterable[ScoreRecord],
    source_language: str,
    methods: Sequence[str],
    *,
    resamples: int,
    confidence: float,
    seed: int,
) -> pd.DataFrame:
    """Mean and standard deviation over seeds, and the gain over the baseline with its interval.

    One row for each model, task, method and language, and one for the mean over the target languages. Seeds are drawn
    once for all languages of a model, task and method, because a run is scored on all of them; sentences are drawn for
    each language. The interval of the mean also draws languages, since it stands for languages like these. Every
    language must have the same seeds. If a method realigns one encoder for each language, its source score is that of
    all of them together.
    """
    by_run: dict[tuple[str, str, str, str], dict[int, ScoreRecord]] = {}
    for record in records:
        key = (record.model, record.task, record.method, record.language)
        runs = by_run.setdefault(key, {})
        runs[record.seed] = _together(runs[record.seed], record) if record.seed in runs else record
    tails = [(1 - confidence) / 2, (1 + confidence) / 2]
    rows = []
    for model, task, method in sorted({key[:3] for key in by_run}, key=lambda key: (*key[:2], methods.index(key[2]))):
        resampled, means = [], []
        languages = sorted(key[3] for key in by_run if key[:3] == (model, task, method))
        seeds = sorted(by_run[model, task, method, languages[0]])
        drawn_seeds = _stream(seed, model, task, method).integers(len(seeds), size=(resamples, len(seeds)))
        for language in languages:
            runs = by_run[model, task, method, language]
            base = by_run[model, task, BASELINE, language]
            counts, baseline = (run_counts([side[number] for number in seeds]) for side in (runs, base))
            values, base_values = metric(counts), metric(baseline)
            row = _row(model, task, method, language, values, base_values)
            if method != BASELINE:
                rng = _stream(seed, model, task, method, language)
                gains = bootstrap_gain(counts, baseline, drawn_seeds, rng)
                row["low"], row["high"] = np.quantile(gains, tails)
                if language != source_language:
                    resampled.append(gains)
            if language != source_language:
                means.append((values, base_values))
            rows.append(row)
        values, base_values = (np.mean(side, axis=0) for side in zip(*means, strict=True))
        row = _row(model, task, method, ALL_TARGETS, values, base_values)
        if resampled:
            drawn = _stream(seed, model, task, method, ALL_TARGETS).integers(
                len(resampled), size=(len(resampled), resamples)
            )
            row["low"], row["high"] = np.quantile(
                np.take_along_axis(np.array(resampled), drawn, axis=0).mean(axis=0), tails
            )
        rows.append(row)
    return pd.DataFrame(rows)


def _together(first: ScoreRecord, second: ScoreRecord) -> ScoreRecord:
    """Two runs on the same sentences as one, whose counts are the sums."""
    sums = {
        part: [a + b for a, b in zip(getattr(first, part), getattr(second, part), strict=True)]
        for part in ("numerators", "denominators")
    }
    return first.model_copy(update=sums)


def _row(model: str, task: str, method: str, language: str, values: Counts, baseline: Counts) -> dict[str, object]:
    sd, baseline_sd = (float(side.std(ddof=1)) if len(side) > 1 else float("nan") for side in (values, baseline))
    gain = float((values - baseline).mean()) if method != BASELINE else float("nan")
    return {
        "model": model,
        "task": task,
        "method": method,
        "language": language,
        "runs": len(values),
        "mean": float(values.mean()),
        "sd": sd,
        "gain": gain,
        "low": float("nan"),
        "high": float("nan"),
        "beyond_sd": beyond_deviations(gain, sd, baseline_sd) if method != BASELINE else None,
    }


def beyond_deviations(gain: float, sd: float, baseline_sd: float) -> bool | None:
    """Whether a gain is larger than both standard deviations over seeds, the method's and the baseline's.

    This is how Bakos et al. (NAACL 2025) count the languages that gain. None where a deviation is unknown.
    """
    return None if np.isnan(sd) or np.isnan(baseline_sd) else bool(gain > max(sd, baseline_sd))


def alignment_change(
    scores: pd.DataFrame, alignment: pd.DataFrame, methods: Sequence[str], measures: Sequence[str]
) -> pd.DataFrame:
    """(after - before) / before fine-tuning, averaged over seeds, for every model, method, task, language and layer."""
    cell = ["model", "method", "task", "language", "layer", "layers", "direction", "measure"]
    runs = alignment_of_runs(alignment, scores)
    wide = runs.pivot_table(index=[*cell, "seed"], columns="moment", values="score").reset_index()
    wide["change"] = ((wide["after"] - wide["before"]) / wide["before"]).replace([np.inf, -np.inf], np.nan)
    grouped = wide.groupby(cell)
    table = grouped[["before", "after", "change"]].mean()
    table["change_sd"] = grouped["change"].std()
    table["runs"] = grouped.size()
    return in_order(table.reset_index(), cell, methods, measures)
