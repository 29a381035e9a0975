"""Sentence-pair task data as Parquet: `premise`, `hypothesis`, `label`; the label names in the schema's metadata."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from realign.errors import InputError
from realign.text.files import atomic_path
from realign.text.labelled_pairs import NLI_LABELS, LabelledPair, read_labelled_pairs

PAIR_TASKS = ("nli",)


@dataclass(frozen=True)
class PairData:
    """Sentence pairs, a label index for each, and the names of the labels."""

    premises: list[str]
    hypotheses: list[str]
    labels: list[int]
    label_names: list[str]

    def __len__(self) -> int:
        return len(self.labels)


def read_pairs(path: Path, labels: Sequence[str] | None) -> tuple[list[LabelledPair], list[str]]:
    """Pairs and label names of a file in the field's format; raises `InputError` for an empty one."""
    names = list(labels or NLI_LABELS)
    pairs = list(read_labelled_pairs(path, tuple(names)))
    if not pairs:
        raise InputError(f"{path}: no sentence pairs")
    return pairs, names


def write_pair_data(path: Path, pairs: Sequence[LabelledPair], names: Sequence[str]) -> None:
    """Write the Parquet artifact."""
    index = {name: number for number, name in enumerate(names)}
    table = pa.table(
        {
            "premise": [pair.premise for pair in pairs],
            "hypothesis": [pair.hypothesis for pair in pairs],
            "label": pa.array([index[pair.label] for pair in pairs], pa.int16()),
        }
    ).replace_schema_metadata({"label_names": json.dumps(list(names))})
    with atomic_path(path) as temporary:
        pq.write_table(table, temporary)


def read_pair_data(path: Path) -> PairData:
    """Read the Parquet artifact; raises `InputError` for a label outside the label names."""
    table = pq.read_table(path)
    names = json.loads((table.schema.metadata or {}).get(b"label_names", b"[]"))
    data = PairData(table["premise"].to_pylist(), table["hypothesis"].to_pylist(), table["label"].to_pylist(), names)
    outside = next((label for label in data.labels if not 0 <= label < len(names)), None)
    if outside is not None:
        raise InputError(f"{path}: label {outside} does not fit {len(names)} names")
    return data
