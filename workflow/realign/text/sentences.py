"""Labelled sentences, and labelled pairs of sentences: JSON lines, or TSV with a header."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from realign.errors import InputError
from realign.text.files import read_lines


class Columns(NamedTuple):
    """The columns of one or two sentences, and of their label.

    In TSV, `quoted` cells may stand in double quotes, with quotes inside them doubled.
    """

    texts: tuple[str, ...]
    label: str
    quoted: bool = False


XNLI = Columns(("premise", "hypothesis"), "label")
PAWS_X = Columns(("sentence1", "sentence2"), "label")
SIB_200 = Columns(("text",), "category", quoted=True)


class LabelledText(NamedTuple):
    """One or two sentences and their label; `second` is None for one sentence."""

    first: str
    second: str | None
    label: str


def read_labelled_texts(path: Path, labels: tuple[str, ...], columns: Columns) -> Iterator[LabelledText]:
    """Stream the examples of a `.jsonl` file of objects, or of a TSV file with a header; other columns are ignored.

    Raises `InputError` with the line for a missing column, an empty sentence or a label outside `labels`.
    """
    names = (*columns.texts, columns.label)
    rows = _json_rows(path) if path.suffix == ".jsonl" else _tsv_rows(path, names, columns.quoted)
    for number, row in rows:
        missing = [name for name in names if not isinstance(row.get(name), str) or not str(row[name]).strip()]
        if missing:
            raise InputError(f"{path}:{number}: no text under {missing[0]!r}; expected {', '.join(names)}")
        *sentences, found = (str(row[name]).strip() for name in names)
        if any(0xD800 <= ord(character) <= 0xDFFF for text in (*sentences, found) for character in text):
            raise InputError(f"{path}:{number}: half of a surrogate pair, which is not a character")
        if found not in labels:
            raise InputError(f"{path}:{number}: label {found!r} is not one of {', '.join(labels)}")
        yield LabelledText(sentences[0], sentences[1] if len(sentences) > 1 else None, found)


def count_labelled_texts(path: Path) -> int:
    """Number of examples in a file, without reading columns."""
    lines = sum(1 for line in read_lines(path) if line.strip())
    return lines if path.suffix == ".jsonl" else max(0, lines - 1)


def _json_rows(path: Path) -> Iterator[tuple[int, dict[str, object]]]:
    for number, line in enumerate(read_lines(path), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (json.JSONDecodeError, RecursionError) as error:
            why = getattr(error, "msg", "nested too deeply")
            raise InputError(f"{path}:{number}: not a JSON object ({why})") from None
        if not isinstance(row, dict):
            raise InputError(f"{path}:{number}: expected a JSON object, found {line[:60]!r}")
        yield number, row


def _tsv_rows(path: Path, names: tuple[str, ...], quoted: bool) -> Iterator[tuple[int, dict[str, object]]]:
    rows = _cells(path, quoted)
    _, header = next(rows, (1, []))
    missing = [name for name in names if name not in header]
    if missing:
        raise InputError(f"{path}:1: no column {missing[0]!r} in the header {' '.join(header)!r}")
    for number, row in rows:
        if row:
            yield number, dict(zip(header, row, strict=False))


def _cells(path: Path, quoted: bool) -> Iterator[tuple[int, list[str]]]:
    """The cells of each line; a line is a row, even if a quote in it is not closed."""
    for number, line in enumerate(read_lines(path), 1):
        try:
            if quoted:
                yield number, next(csv.reader([line], delimiter="\t", strict=True), [])
            else:
                yield number, line.split("\t") if line else []
        except csv.Error as error:
            raise InputError(f"{path}:{number}: not a line of TSV ({error})") from None
