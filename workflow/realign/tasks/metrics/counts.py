"""The counts that a metric is computed from: Σ numerators / Σ denominators over examples."""

from collections.abc import Sequence
from typing import NamedTuple


class Counts(NamedTuple):
    """One example's contribution to a metric."""

    numerator: float
    denominator: int


def metric_value(counts: Sequence[Counts]) -> float:
    """The metric over all examples; 0 when there is nothing to count."""
    denominator = sum(count.denominator for count in counts)
    return sum(count.numerator for count in counts) / denominator if denominator else 0.0
