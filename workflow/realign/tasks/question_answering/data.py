"""Questions as Parquet: `question`, `context`, and for each answer its text (`answers`) and place (`starts`)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa

from realign.errors import InputError
from realign.text.parquet import read_labelled, write_labelled
from realign.text.squad import Question

EXAMPLES = "questions"
"""The name of the examples in error messages."""


@dataclass(frozen=True)
class QuestionData:
    """Questions, their contexts, and for each the texts of its answers and the characters at which they start."""

    questions: list[str]
    contexts: list[str]
    answers: list[list[str]]
    starts: list[list[int]]
    label_names: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.questions)


def write_examples(path: Path, examples: Iterable[Question], labels: Sequence[str]) -> None:
    """Write the Parquet artifact."""
    questions = list(examples)
    texts, starts = (
        [[getattr(answer, part) for answer in one.answers] for one in questions] for part in ("text", "start")
    )
    columns = {
        "question": [one.question for one in questions],
        "context": [one.context for one in questions],
        "answers": pa.array(texts, pa.list_(pa.string())),
        "starts": pa.array(starts, pa.list_(pa.int32())),
    }
    write_labelled(path, columns, labels)


def read_examples(path: Path) -> QuestionData:
    """Read the Parquet artifact; raises `InputError` for a question without an answer."""
    (questions, contexts, answers, starts), names = read_labelled(path, "question", "context", "answers", "starts")
    for number, (texts, places) in enumerate(zip(answers, starts, strict=True), 1):
        if not texts or len(texts) != len(places):
            raise InputError(f"{path}: question {number}: {len(texts)} answers at {len(places)} places")
    return QuestionData(questions, contexts, answers, starts, names)
