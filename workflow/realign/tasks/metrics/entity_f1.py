"""Entity F1: Σ 2·(right entities) / Σ (predicted + true entities), the micro-averaged F1 of the CoNLL evaluation."""

from collections.abc import Sequence

from realign.tasks.metrics.counts import Counts

NAME = "entity_f1"
UNPREDICTED = "O"
"""Stands for the label of a word that the model cannot see: no entity."""


def count(predicted: Sequence[str], true: Sequence[str]) -> Counts:
    """Twice the entities that are right in type and both ends, and all entities on both sides."""
    from seqeval.metrics.sequence_labeling import get_entities

    found, expected = set(get_entities(list(predicted))), set(get_entities(list(true)))
    return Counts(2 * len(found & expected), len(found) + len(expected))
