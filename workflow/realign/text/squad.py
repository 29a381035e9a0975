"""Questions about a context, with answers that are spans of it: the JSON of SQuAD 1.1 (Rajpurkar et al. 2016)."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from realign.errors import InputError
from realign.text.files import reading, verify


class Answer(NamedTuple):
    """An answer and the character of the context at which it starts."""

    text: str
    start: int


class Question(NamedTuple):
    """A question, its context and its answers.

    The texts are not Unicode-normalised, because that would move the answers.
    """

    question: str
    context: str
    answers: list[Answer]


def read_questions(path: Path) -> Iterator[Question]:
    """Stream the questions of a file; every question has an answer.

    Raises `InputError` with the place in the file for anything that is not SQuAD 1.1, and for a misplaced answer.
    """
    for place, context, entry in _entries(path):
        where = f"{path}: {place}"
        answers = entry.get("answers")
        if not isinstance(answers, list) or not answers:
            raise InputError(f"{where}: expected a list of answers; questions without an answer cannot be scored")
        question = Question(_text(entry, "question", where), context, [_answer(one, where) for one in answers])
        misplaced = misplaced_answer(question)
        if misplaced is not None:
            raise InputError(
                f"{where}: the answer {misplaced.text!r} is not at character {misplaced.start} of its context"
            )
        yield question


def misplaced_answer(question: Question) -> Answer | None:
    """The first answer that the context does not have where it should be, or None."""
    return next((one for one in question.answers if not question.context.startswith(one.text, max(one.start, 0))), None)


def _entries(path: Path) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """The place in the file, context and entry of each question."""
    for i, article in enumerate(_list(_content(path), "data", str(path))):
        for j, paragraph in enumerate(_list(article, "paragraphs", f"{path}: data[{i}]")):
            place = f"data[{i}].paragraphs[{j}]"
            entries = _list(paragraph, "qas", f"{path}: {place}")
            context = _text(paragraph, "context", f"{path}: {place}")
            for k, entry in enumerate(entries):
                if not isinstance(entry, dict):
                    raise InputError(f"{path}: {place}.qas[{k}]: expected an object with 'question' and 'answers'")
                yield f"{place}.qas[{k}]", context, entry


def _content(path: Path) -> Any:
    with reading(path):
        verify(path)
        try:
            return json.loads(path.read_bytes().decode("utf-8-sig"))
        except UnicodeDecodeError as error:
            raise InputError(f"{path}: not UTF-8 ({error.reason})") from None
        except json.JSONDecodeError as error:
            raise InputError(f"{path}:{error.lineno}: not JSON ({error.msg})") from None
        except (RecursionError, ValueError):  # a number of thousands of digits is a ValueError
            raise InputError(f"{path}: not SQuAD's JSON (nested too deeply, or too long a number)") from None


def _list(parent: Any, key: str, where: str) -> list[Any]:
    found = parent.get(key) if isinstance(parent, dict) else None
    if not isinstance(found, list):
        raise InputError(f"{where}: expected an object with a list {key!r}, as in SQuAD 1.1")
    return found


def _text(parent: dict[str, Any], key: str, where: str) -> str:
    text = parent.get(key)
    if not isinstance(text, str) or not text.strip():
        raise InputError(f"{where}: no text under {key!r}")
    if any(0xD800 <= ord(character) <= 0xDFFF for character in text):
        raise InputError(f"{where}: half of a surrogate pair under {key!r}, which is not a character")
    return text


def _answer(entry: Any, where: str) -> Answer:
    start = entry.get("answer_start") if isinstance(entry, dict) else None
    if not isinstance(start, int) or isinstance(start, bool) or start < 0:
        raise InputError(f"{where}: expected answers with 'text' and 'answer_start', a number of characters")
    return Answer(_text(entry, "text", where), start)
