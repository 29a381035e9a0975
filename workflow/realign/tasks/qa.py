"""Question answering: a question, a context, and the span of the context that answers it."""

from collections.abc import Iterator
from pathlib import Path

from realign.text.squad import Question, read_questions


def read(path: Path, labels: tuple[str, ...]) -> Iterator[Question]:  # noqa: ARG001 (answers are no labels)
    """Stream questions; raises `InputError` for anything that is not SQuAD 1.1."""
    return read_questions(path)


def count(path: Path) -> int:
    """How many questions a file has."""
    return sum(1 for _ in read_questions(path))
