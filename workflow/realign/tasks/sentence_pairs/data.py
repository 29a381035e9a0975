"""Labelled sentence pairs as Parquet: `premise`, `hypothesis`, `label`, with label names in the schema's metadata."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from realign.errors import InputError
from realign.text.inference import LabelledPair
from realign.text.parquet import read_labelled, write_labelled

EXAMPLES = "sentence pairs"
"""The name of the examples in error messages."""


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
    columns = {
        "premise": [pair.premise for pair in pairs],
        "hypothesis": [pair.hypothesis for pair in pairs],
        "label": pa.array([index[pair.label] for pair in pairs], pa.int16()),
    }
    write_labelled(path, columns, labels)


def read_examples(path: Path) -> PairData:
    """Read the Parquet artifact; raises `InputError` for a label outside the label names."""
    (premises, hypotheses, labels), names = read_labelled(path, "premise", "hypothesis", "label")
    data = PairData(premises, hypotheses, labels, names)
    outside = next((label for label in data.labels if not 0 <= label < len(names)), None)
    if outside is not None:
        raise InputError(f"{path}: label {outside} does not fit {len(names)} names")
    return data
