"""What realignment brings over the baseline, and what fine-tuning does to alignment."""

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
from numpy.random import Generator
from numpy.typing import NDArray

from realign.analysis.tables import alignment_of_runs
from realign.observations import ScoreRecord

ALL_TARGETS = "mean"
"""Stands in the column `language` for the mean over the target languages."""

Counts = NDArray[np.float64]


def run_counts(records: Sequence[ScoreRecord]) -> Counts:
    """Numerators and denominators of several runs on the same sentences: [runs, 2, sentences]."""
    return np.array([[record.numerators, record.denominators] for record in records], dtype=float)


def metric(counts: Counts) -> Counts:
    """The metric of each run [runs] from its counts [runs, 2, sentences]."""
    totals = counts.sum(axis=2)
    return np.divide(totals[:, 0], totals[:, 1], out=np.zeros(len(totals)), where=totals[:, 1] > 0)


def bootstrap_gain(method: Counts, baseline: Counts, resamples: int, order: Generator) -> Counts:
    """Resampled mean gains [resamples] over runs paired by seed.

    Each resample draws seeds and, inside each drawn seed, sentences, both with replacement and the same for method
    and baseline, so that the interval covers both the luck of training and that of the test set.
    """
    runs, _, sentences = method.shape
    gains = np.empty(resamples)
    for number in range(resamples):
        seeds = order.integers(runs, size=runs)
        # how often each sentence is drawn, for each drawn seed
        weights = order.multinomial(sentences, np.full(sentences, 1 / sentences), size=runs).astype(float)
        gains[number] = np.mean(_weighted(method[seeds], weights) - _weighted(baseline[seeds], weights))
    return gains


def _weighted(counts: Counts, weights: Counts) -> Counts:
    totals = np.einsum("rks,rs->rk", counts, weights)
    return np.divide(totals[:, 0], totals[:, 1], out=np.zeros(len(totals)), where=totals[:, 1] > 0)


def realignment_gains(
    records: Iterable[ScoreRecord], source_language: str, *, resamples: int, confidence: float, seed: int
) -> pd.DataFrame:
    """Mean and standard deviation over seeds, and the gain over the baseline with its interval.

    A row for each model, task, method and language, and one for the mean over the target languages.
    """
    by_run: dict[tuple[str, str, str, str], dict[int, ScoreRecord]] = {}
    for record in records:
        key = (record.model, record.task, record.method, record.language)
        by_run.setdefault(key, {})[record.seed] = record
    order = np.random.default_rng(seed)
    tails = [(1 - confidence) / 2, (1 + confidence) / 2]
    rows = []
    for model, task, method in dict.fromkeys(key[:3] for key in sorted(by_run)):
        resampled, means = [], []
        languages = sorted(key[3] for key in by_run if key[:3] == (model, task, method))
        for language in languages:
            runs = by_run[model, task, method, language]
            base = by_run[model, task, "baseline", language]
            seeds = sorted(runs)
            counts, baseline = (run_counts([side[number] for number in seeds]) for side in (runs, base))
            values, base_values = metric(counts), metric(baseline)
            row = _row(model, task, method, language, values, base_values)
            if method != "baseline":
                gains = bootstrap_gain(counts, baseline, resamples, order)
                row["low"], row["high"] = np.quantile(gains, tails)
                if language != source_language:
                    resampled.append(gains)
            if language != source_language:
                means.append((values, base_values))
            rows.append(row)
        values, base_values = (np.mean(side, axis=0) for side in zip(*means, strict=True))
        row = _row(model, task, method, ALL_TARGETS, values, base_values)
        if resampled:
            row["low"], row["high"] = np.quantile(np.mean(resampled, axis=0), tails)
        rows.append(row)
    return pd.DataFrame(rows)


def _row(model: str, task: str, method: str, language: str, values: Counts, baseline: Counts) -> dict[str, object]:
    return {
        "model": model,
        "task": task,
        "method": method,
        "language": language,
        "runs": len(values),
        "mean": float(values.mean()),
        "sd": float(values.std(ddof=1)) if len(values) > 1 else float("nan"),
        "gain": float((values - baseline).mean()) if method != "baseline" else float("nan"),
        "low": float("nan"),
        "high": float("nan"),
    }


def alignment_change(scores: pd.DataFrame, alignment: pd.DataFrame) -> pd.DataFrame:
    """(after - before) / before fine-tuning, the mean over seeds, for every model, method, task, language and layer."""
    cell = ["model", "method", "task", "language", "layer", "layers", "direction", "kind"]
    runs = alignment_of_runs(alignment, scores)
    wide = runs.pivot_table(index=[*cell, "seed"], columns="moment", values="score").reset_index()
    wide["change"] = ((wide["after"] - wide["before"]) / wide["before"]).replace([np.inf, -np.inf], np.nan)
    grouped = wide.groupby(cell)
    table = grouped[["before", "after", "change"]].mean()
    table["change_sd"] = grouped["change"].std()
    table["runs"] = grouped.size()
    return table.reset_index()
