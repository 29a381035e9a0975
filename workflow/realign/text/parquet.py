"""Tables of labelled examples as Parquet, with the names of the labels in the schema's metadata."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from realign.errors import InputError
from realign.text.files import atomic_path, reading, verify


def write_labelled(path: Path, columns: Mapping[str, Any], labels: Sequence[str]) -> None:
    """Write columns and label names; raises `InputError` for text that is not valid Unicode."""
    try:
        table = pa.table(dict(columns))
    except UnicodeEncodeError as error:
        raise InputError(f"{path}: cannot be written: {error.object[error.start]!r} is not a character") from None
    with atomic_path(path) as temporary:
        pq.write_table(table.replace_schema_metadata({"label_names": json.dumps(list(labels))}), temporary)


def read_labelled(path: Path, *columns: str) -> tuple[list[list[Any]], list[str]]:
    """Read these columns and the label names; raises `InputError` for a damaged file."""
    with _reading(path) as table:
        names = json.loads((table.schema.metadata or {}).get(b"label_names", b"[]"))
        return [table[column].to_pylist() for column in columns], names


def read_table(path: Path) -> list[list[Any]]:
    """Read all columns; raises `InputError` for a damaged file."""
    with _reading(path) as table:
        return [column.to_pylist() for column in table.columns]


@contextmanager
def _reading(path: Path) -> Iterator[pa.Table]:
    with reading(path):
        verify(path)
        try:
            with pq.ParquetFile(path) as file:  # `pq.read_table` would import pandas
                yield file.read()
        except (pa.ArrowException, OSError, KeyError, ValueError):
            raise InputError(f"{path}: damaged; delete it and run again to remake it") from None
