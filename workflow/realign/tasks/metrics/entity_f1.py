"""Entity F1: Σ 2·(correct entities) / Σ (predicted + true entities), the micro-averaged F1 of the CoNLL evaluation."""

from collections.abc import Sequence

from realign.tasks.metrics.counts import Counts

NAME = "entity_f1"
UNPREDICTED = "O"
"""The label assumed for a word that the model cannot see: no entity."""


def count(predicted: Sequence[str], true: Sequence[str]) -> Counts:
    """Twice the entities with the correct type and boundaries, and all predicted and true entities."""
    from seqeval.metrics.sequence_labeling import get_entities

    found, expected = set(get_entities(list(predicted))), set(get_entities(list(true)))
    return Counts(2 * len(found & expected), len(found) + len(expected))
