"""Named entities: two-column BIO, or CoNLL-U with the entities in MISC."""

from collections.abc import Iterator
from pathlib import Path

from realign.text.conll import COMMENT, DOCUMENT, TaggedSentence, count_sentences, read_bio, read_entities


def read(path: Path, labels: tuple[str, ...]) -> Iterator[TaggedSentence]:
    """Stream words and their BIO labels; raises `InputError` for a label outside `labels` or out of place."""
    return (read_entities if _is_conllu(path) else read_bio)(path, labels)


def count(path: Path) -> int:
    """How many sentences a file has."""
    return count_sentences(path, COMMENT if _is_conllu(path) else DOCUMENT)


def _is_conllu(path: Path) -> bool:
    return path.suffix == ".conllu"
