"""Natural language inference: a premise, a hypothesis, and the relation between them."""

from collections.abc import Iterator
from pathlib import Path

from realign.text.sentences import XNLI, LabelledText, count_labelled_texts, read_labelled_texts


def read(path: Path, labels: tuple[str, ...]) -> Iterator[LabelledText]:
    """Stream labelled pairs; raises `InputError` for a missing column or a label outside `labels`."""
    return read_labelled_texts(path, labels, XNLI)


def count(path: Path) -> int:
    """How many pairs a file has."""
    return count_labelled_texts(path)
