"""Published scores: a CSV with one score, or one difference between two scores, a row."""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from realign.errors import InputError
from realign.text.files import read_lines

NEEDED = ("model", "task", "method", "language", "metric")
EVERY_REALIGNMENT = "*"
"""In column `method`: every method that realigns."""


@dataclass(frozen=True)
class PublishedRow:
    """A published score, or its difference to the score of another model or method on the same task and language.

    `value` is a share from 0 to 1, or a difference from -1 to 1 if `gain` is true; `sd` is its standard deviation over
    `runs` seeds, if stated. A gain without `over` is one over the baseline of the same model.
    """

    model: str
    task: str
    method: str
    language: str
    metric: str
    value: float
    gain: bool
    sd: float | None
    runs: int | None
    over_model: str
    over_method: str | None


def read_published(path: Path) -> list[PublishedRow]:
    """The rows of a file of published scores; raises `InputError` for the first row that is none."""
    table = csv.DictReader(read_lines(path))
    missing = [column for column in NEEDED if column not in (table.fieldnames or ())]
    if missing:
        raise InputError(f"{path}:1: no column {', '.join(missing)}; expected {', '.join(NEEDED)}, and mean or gain")
    rows = list(_rows(table, path))
    if not rows:
        raise InputError(f"{path}: no rows; expected published scores")
    return rows


def _rows(table: "csv.DictReader[str]", path: Path) -> Iterator[PublishedRow]:
    seen: dict[tuple[object, ...], int] = {}
    for row in table:
        where = f"{path}:{table.line_num}"
        empty = [column for column in NEEDED if not row[column]]
        if empty:
            raise InputError(f"{where}: {empty[0]} is empty")
        found = [column for column in ("mean", "gain") if row.get(column)]
        if len(found) != 1:
            raise InputError(f"{where}: expected either a mean or a gain; found {' and '.join(found) or 'neither'}")
        gain = found == ["gain"]
        value = _number(row, found[0], -1.0 if gain else 0.0, 1.0, where)
        sd, runs = _number(row, "sd", 0.0, 1.0, where), _number(row, "runs", 1.0, float("inf"), where)
        assert value is not None
        published = PublishedRow(
            **{column: row[column] for column in NEEDED},
            value=value,
            gain=gain,
            sd=sd,
            runs=None if runs is None else int(runs),
            over_model=row.get("over_model") or row["model"],
            over_method=row.get("over_method") or None,
        )
        key = (*(row[column] for column in NEEDED), gain, published.over_model, published.over_method)
        if key in seen:
            raise InputError(f"{where}: the same model, task, method and language as in line {seen[key]}")
        seen[key] = table.line_num
        yield published


def _number(row: Mapping[str, str], column: str, least: float, most: float, where: str) -> float | None:
    """A number in a range, or None for an empty cell."""
    text = row.get(column)
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not least <= value <= most:
        upper = f" to {most:g}" if most != float("inf") else ""
        raise InputError(f"{where}: {column} is {text!r}; expected a number from {least:g}{upper}")
    return value
