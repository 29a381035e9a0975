"""Universal parts of speech: the UPOS column of CoNLL-U."""

from collections.abc import Iterator
from pathlib import Path

from realign.text.conll import COMMENT, TaggedSentence, count_sentences, read_pos


def read(path: Path, labels: tuple[str, ...]) -> Iterator[TaggedSentence]:  # noqa: ARG001 (the format has one tag set)
    """Stream words and their tags; raises `InputError` for anything that is not CoNLL-U with universal tags."""
    return read_pos(path)


def count(path: Path) -> int:
    """How many sentences a file has."""
    return count_sentences(path, COMMENT)
