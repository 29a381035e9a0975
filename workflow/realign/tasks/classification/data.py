"""Labelled sentences, or pairs, as Parquet: `first`, `second`, `label`, with label names in the schema's metadata."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from realign.errors import InputError
from realign.text.parquet import read_labelled, write_labelled
from realign.text.sentences import LabelledText

EXAMPLES = "labelled sentences"
"""The name of the examples in error messages."""


@dataclass(frozen=True)
class TextData:
    """Sentences, the second sentence of each pair (else None), a label index for each, and the names of the labels."""

    first: list[str]
    second: list[str | None]
    labels: list[int]
    label_names: list[str]

    def __len__(self) -> int:
        return len(self.labels)


def write_examples(path: Path, examples: Iterable[LabelledText], labels: Sequence[str]) -> None:
    """Write the Parquet artifact."""
    index = {name: number for number, name in enumerate(labels)}
    texts = list(examples)
    columns = {
        "first": [text.first for text in texts],
        "second": pa.array([text.second for text in texts], pa.string()),
        "label": pa.array([index[text.label] for text in texts], pa.int16()),
    }
    write_labelled(path, columns, labels)


def read_examples(path: Path) -> TextData:
    """Read the Parquet artifact; raises `InputError` for a label outside the label names."""
    (first, second, labels), names = read_labelled(path, "first", "second", "label")
    data = TextData(first, second, labels, names)
    outside = next((label for label in data.labels if not 0 <= label < len(names)), None)
    if outside is not None:
        raise InputError(f"{path}: label {outside} does not fit {len(names)} names")
    return data
