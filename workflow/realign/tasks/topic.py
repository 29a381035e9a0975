"""Topics: a sentence and what it is about, in the columns of SIB-200."""

from collections.abc import Iterator
from pathlib import Path

from realign.text.sentences import SIB_200, LabelledText, count_labelled_texts, read_labelled_texts


def read(path: Path, labels: tuple[str, ...]) -> Iterator[LabelledText]:
    """Stream labelled sentences; raises `InputError` for a missing column or a label outside `labels`."""
    return read_labelled_texts(path, labels, SIB_200)


def count(path: Path) -> int:
    """How many sentences a file has."""
    return count_labelled_texts(path)
