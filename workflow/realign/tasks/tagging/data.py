"""Labelled words as Parquet: columns `tokens` and `labels`, the label names in the schema's metadata."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from realign.errors import InputError
from realign.text.conll import TaggedSentence
from realign.text.files import atomic_path

EXAMPLES = "sentences"
"""What this kind of task learns from, in an error's words."""


@dataclass(frozen=True)
class TokenData:
    """Sentences as words, a label index for each word, and the names of the labels."""

    tokens: list[list[str]]
    labels: list[list[int]]
    label_names: list[str]

    def __len__(self) -> int:
        return len(self.tokens)


def write_examples(path: Path, examples: Iterable[TaggedSentence], labels: Sequence[str]) -> None:
    """Write the Parquet artifact."""
    index = {name: number for number, name in enumerate(labels)}
    sentences = list(examples)
    numbers = [[index[label] for label in sentence.labels] for sentence in sentences]
    table = pa.table(
        {
            "tokens": pa.array([sentence.tokens for sentence in sentences], pa.list_(pa.string())),
            "labels": pa.array(numbers, pa.list_(pa.int16())),
        }
    ).replace_schema_metadata({"label_names": json.dumps(list(labels))})
    with atomic_path(path) as temporary:
        pq.write_table(table, temporary)


def read_examples(path: Path) -> TokenData:
    """Read the Parquet artifact; raises `InputError` for a label outside the label names."""
    table = pq.read_table(path)
    names = json.loads((table.schema.metadata or {}).get(b"label_names", b"[]"))
    data = TokenData(table["tokens"].to_pylist(), table["labels"].to_pylist(), names)
    for number, (tokens, labels) in enumerate(zip(data.tokens, data.labels, strict=True), 1):
        outside = [label for label in labels if not 0 <= label < len(names)]
        if outside or len(tokens) != len(labels):
            raise InputError(
                f"{path}: sentence {number}: labels {outside or len(labels)} do not fit {len(names)} names"
            )
    return data
