"""What the modules of a kind of task have in common."""

from collections.abc import Sequence
from typing import Protocol

from realign.tasks.metrics.counts import Counts


def section_of(kind: str) -> str:
    """The section of the config with the settings of a kind, from its package."""
    return "kinds." + kind.rpartition(".")[2].replace("_", "-")


class Metric(Protocol):
    """A module of `realign.tasks.metrics`."""

    NAME: str
    UNPREDICTED: str

    def count(self, predicted: Sequence[str], true: Sequence[str], /) -> Counts:
        """One example's contribution to the metric, from predicted and true labels."""
