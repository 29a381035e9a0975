"""XQuAD: questions of SQuAD's development set, translated from English. The training data are SQuAD's, in English."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

from realign.errors import InputError
from realign.sources.hub import check_columns, check_enough, read_split, resolve
from realign.sources.requests import LabelledRequest, Provenance
from realign.text.squad import Answer, Question, misplaced_answer

REPOSITORY, TRAINING = "google/xquad", "rajpurkar/squad"
COLUMNS = ("question", "context", "answers")


def fetch(request: LabelledRequest) -> tuple[list[Question], Provenance]:
    """Questions, and where they come from.

    Raises `InputError` for training data in another language than English, and for a misplaced answer in them.
    """
    if request.split == "train":
        if request.language != "en":
            raise InputError(f"{TRAINING}: is English; found {request.language!r} as the language to train in")
        repository, configuration, split, revision = TRAINING, "plain_text", "train", "training_revision"
    else:
        repository, configuration, split, revision = REPOSITORY, f"xquad.{request.language}", "validation", "revision"
    commit = resolve(repository, request.settings[revision])
    dataset = read_split(repository, configuration, split, commit)
    where = f"{repository} ({configuration}, {split})"
    check_columns(dataset, COLUMNS, where)
    questions = list(islice(map(_question, dataset), request.limit))
    check_enough(questions, request.limit, where)
    if request.split == "train":
        _check_places(questions, where)
    return questions, {"repository": repository, "revision": commit}


def _question(row: dict[str, Any]) -> Question:
    return Question(row["question"], row["context"], [Answer(*answer) for answer in _answers(row["answers"])])


def _answers(column: Any) -> Iterator[tuple[str, int]]:
    """Texts and places of answers, which are a list of mappings, or a mapping of lists."""
    if isinstance(column, dict):
        return zip(column["text"], column["answer_start"], strict=True)
    return ((answer["text"], answer["answer_start"]) for answer in column)


def _check_places(questions: list[Question], where: str) -> None:
    for number, question in enumerate(questions, 1):
        misplaced = misplaced_answer(question)
        if misplaced is not None:
            raise InputError(f"{where}: row {number}: the answer {misplaced.text!r} is not at {misplaced.start}")
