"""Token task data as Parquet: columns `tokens` and `labels`, the label names in the schema's metadata."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from realign.errors import InputError
from realign.text.conll import DEFAULT_ENTITY_LABELS, UPOS, TaggedSentence, read_bio, read_entities, read_pos
from realign.text.files import atomic_path


@dataclass(frozen=True)
class TokenData:
    """Sentences as words, a label index for each word, and the names of the labels."""

    tokens: list[list[str]]
    labels: list[list[int]]
    label_names: list[str]

    def __len__(self) -> int:
        return len(self.tokens)


def read_sentences(
    task: str, path: Path, entity_labels: Iterable[str] | None
) -> tuple[list[TaggedSentence], list[str]]:
    """Sentences and label names of a task's file in the field's format; raises `InputError` for an empty one."""
    if task == "pos":
        names = list(UPOS)
        sentences = list(read_pos(path))
    else:
        names = list(entity_labels or DEFAULT_ENTITY_LABELS)
        read = read_entities if path.suffix == ".conllu" else read_bio
        sentences = list(read(path, tuple(names)))
    if not sentences:
        raise InputError(f"{path}: no sentences")
    return sentences, names


def write_token_data(path: Path, sentences: Iterable[TaggedSentence], names: list[str]) -> None:
    """Write the Parquet artifact."""
    index = {name: number for number, name in enumerate(names)}
    rows = list(sentences)
    table = pa.table(
        {
            "tokens": pa.array([row.tokens for row in rows], pa.list_(pa.string())),
            "labels": pa.array([[index[label] for label in row.labels] for row in rows], pa.list_(pa.int16())),
        }
    ).replace_schema_metadata({"label_names": json.dumps(names)})
    with atomic_path(path) as temporary:
        pq.write_table(table, temporary)


def read_token_data(path: Path) -> TokenData:
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
