"""Accuracy: Σ correct labels / Σ labels."""

from collections.abc import Sequence

from realign.tasks.metrics.counts import Counts

NAME = "accuracy"
UNPREDICTED = ""
"""The label assumed for a word that the model cannot see; it is never correct."""


def count(predicted: Sequence[str], true: Sequence[str]) -> Counts:
    """Correct labels and labels of one example."""
    return Counts(sum(p == t for p, t in zip(predicted, true, strict=True)), len(true))
