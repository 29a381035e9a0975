"""Paraphrases: two sentences, and whether they say the same (1) or not (0), in the columns of PAWS-X."""

from collections.abc import Iterator
from pathlib import Path

from realign.text.sentences import PAWS_X, LabelledText, count_labelled_texts, read_labelled_texts


def read(path: Path, labels: tuple[str, ...]) -> Iterator[LabelledText]:
    """Stream labelled pairs; raises `InputError` for a missing column or a label outside `labels`."""
    return read_labelled_texts(path, labels, PAWS_X)


def count(path: Path) -> int:
    """How many pairs a file has."""
    return count_labelled_texts(path)
