"""Labelled sentence pairs for natural language inference: JSON lines, or TSV with a header."""

import csv
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from realign.errors import InputError
from realign.text.files import read_lines

COLUMNS = ("premise", "hypothesis", "label")


class LabelledPair(NamedTuple):
    """Two sentences and the relation of the second to the first."""

    premise: str
    hypothesis: str
    label: str


def read_labelled_pairs(path: Path, labels: tuple[str, ...]) -> Iterator[LabelledPair]:
    """Stream the pairs of a `.jsonl` file of objects, or of a TSV file with a header; other columns are ignored.

    Raises `InputError` with the line for a missing column, an empty sentence or a label outside `labels`.
    """
    rows = _json_rows(path) if path.suffix == ".jsonl" else _tsv_rows(path)
    for number, row in rows:
        missing = [name for name in COLUMNS if not isinstance(row.get(name), str) or not str(row[name]).strip()]
        if missing:
            raise InputError(f"{path}:{number}: no text under {missing[0]!r}; expected {', '.join(COLUMNS)}")
        pair = LabelledPair(*(str(row[name]).strip() for name in COLUMNS))
        if any(0xD800 <= ord(character) <= 0xDFFF for text in pair for character in text):
            raise InputError(f"{path}:{number}: half of a surrogate pair, which is not a character")
        if pair.label not in labels:
            raise InputError(f"{path}:{number}: label {pair.label!r} is not one of {', '.join(labels)}")
        yield pair


def count_pairs(path: Path) -> int:
    """Number of pairs in a file, without reading columns."""
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


def _tsv_rows(path: Path) -> Iterator[tuple[int, dict[str, object]]]:
    lines: Iterable[str] = read_lines(path)
    rows = _checked(csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE), path)
    header = next(rows, [])
    missing = [name for name in COLUMNS if name not in header]
    if missing:
        raise InputError(f"{path}:1: no column {missing[0]!r} in the header {' '.join(header)!r}")
    for number, row in enumerate(rows, 2):
        if row:
            yield number, dict(zip(header, row, strict=False))


def _checked(rows: Iterator[list[str]], path: Path) -> Iterator[list[str]]:
    """The rows of a reader, one per line; raises `InputError` for a malformed line."""
    number = 1
    try:
        for row in rows:
            yield row
            number += 1
    except csv.Error as error:
        raise InputError(f"{path}:{number}: not a line of TSV ({error})") from None
