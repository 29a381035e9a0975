"""Labelled sentence pairs as Parquet: `premise`, `hypothesis`, `label`; the label names in the schema's metadata."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from realign.errors import InputError
from realign.text.files import atomic_path
from realign.text.inference import LabelledPair

EXAMPLES = "sentence pairs"
"""What this kind of task learns from, in an error's words."""


@dataclass(frozen=True)
class PairData:
    """Sentence pairs, a label index for each, and the names of the labels."""

    premises: list[str]
    hypotheses: list[str]
    labels: list[int]
    label_names: list[str]

    def __len__(self) -> int:
        return len(self.labels)


def write_examples(path: Path, examples: Iterable[LabelledPair], labels: Sequence[str]) -> None:
    """Write the Parquet artifact."""
    index = {name: number for number, name in enumerate(labels)}
    pairs = list(examples)
    table = pa.table(
        {
            "premise": [pair.premise for pair in pairs],
            "hypothesis": [pair.hypothesis for pair in pairs],
            "label": pa.array([index[pair.label] for pair in pairs], pa.int16()),
        }
    ).replace_schema_metadata({"label_names": json.dumps(list(labels))})
    with atomic_path(path) as temporary:
        pq.write_table(table, temporary)


def read_examples(path: Path) -> PairData:
    """Read the Parquet artifact; raises `InputError` for a label outside the label names."""
    table = pq.read_table(path)
    names = json.loads((table.schema.metadata or {}).get(b"label_names", b"[]"))
    data = PairData(table["premise"].to_pylist(), table["hypothesis"].to_pylist(), table["label"].to_pylist(), names)
    outside = next((label for label in data.labels if not 0 <= label < len(names)), None)
    if outside is not None:
        raise InputError(f"{path}: label {outside} does not fit {len(names)} names")
    return data
