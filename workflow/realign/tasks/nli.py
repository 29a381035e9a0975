"""Natural language inference: a premise, a hypothesis, and the relation between them."""

from collections.abc import Iterator
from pathlib import Path

from realign.text.inference import LabelledPair, count_pairs, read_labelled_pairs


def read(path: Path, labels: tuple[str, ...]) -> Iterator[LabelledPair]:
    """Stream labelled pairs; raises `InputError` for a missing column or a label outside `labels`."""
    return read_labelled_pairs(path, labels)


def count(path: Path) -> int:
    """How many pairs a file has."""
    return count_pairs(path)
