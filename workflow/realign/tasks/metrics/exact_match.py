"""Exact match: Σ questions whose answer is one of the true answers / questions, normalised as in `squad_f1`."""

from collections.abc import Sequence

from realign.tasks.metrics.counts import Counts
from realign.tasks.metrics.squad_f1 import normalised

NAME = "exact_match"
UNPREDICTED = ""
"""The answer where there is none."""


def count(predicted: Sequence[str], true: Sequence[str]) -> Counts:
    """Whether one question's only predicted answer is among the true answers, and 1."""
    return Counts(int(normalised(predicted[0]) in map(normalised, true)), 1)
