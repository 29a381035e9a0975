"""Metrics as sums over sentences of a numerator and a denominator, so that sentences can be resampled.

Accuracy is Σ correct / Σ words; entity F1 is Σ 2·(right entities) / Σ (predicted + true entities), which equals the
micro-averaged F1 of the CoNLL evaluation.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from realign.tasks.data import TokenData


class Counts(NamedTuple):
    """One sentence's part of a metric."""

    numerator: int
    denominator: int


def accuracy_counts(predicted: Sequence[str], true: Sequence[str]) -> Counts:
    """Correct words and words."""
    return Counts(sum(p == t for p, t in zip(predicted, true, strict=True)), len(true))


def entity_f1_counts(predicted: Sequence[str], true: Sequence[str]) -> Counts:
    """Twice the entities that are right in type and both ends, and all entities on both sides."""
    from seqeval.metrics.sequence_labeling import get_entities

    found, expected = set(get_entities(list(predicted))), set(get_entities(list(true)))
    return Counts(2 * len(found & expected), len(found) + len(expected))


METRICS: dict[str, tuple[str, Callable[[Sequence[str], Sequence[str]], Counts]]] = {
    "pos": ("accuracy", accuracy_counts),
    "ner": ("entity_f1", entity_f1_counts),
    "nli": ("accuracy", accuracy_counts),
}
"""The name of each task's metric, and its counts for a sentence."""


def sentence_counts(task: str, predicted: Sequence[Sequence[int | None]], data: TokenData) -> list[Counts]:
    """Counts of every sentence; a word without representation, None, has no predicted label, which is wrong."""
    count = METRICS[task][1]
    names = data.label_names
    return [
        count(
            ["O" if label is None and task == "ner" else "" if label is None else names[label] for label in found],
            [names[label] for label in true],
        )
        for found, true in zip(predicted, data.labels, strict=True)
    ]


def pair_counts(predicted: Sequence[int], true: Sequence[int]) -> list[Counts]:
    """Counts of every sentence pair: one, right or wrong."""
    return [Counts(int(found == label), 1) for found, label in zip(predicted, true, strict=True)]


def metric_value(counts: Sequence[Counts]) -> float:
    """The metric over all sentences; 0 when there is nothing to count."""
    denominator = sum(count.denominator for count in counts)
    return sum(count.numerator for count in counts) / denominator if denominator else 0.0
