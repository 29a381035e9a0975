"""Labelled words as Parquet: columns `tokens` and `labels`, with label names in the schema's metadata."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from realign.errors import InputError
from realign.text.conll import TaggedSentence
from realign.text.parquet import read_labelled, write_labelled

EXAMPLES = "sentences"
"""The name of the examples in error messages."""


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
    tokens = pa.array([sentence.tokens for sentence in sentences], pa.list_(pa.string()))
    write_labelled(path, {"tokens": tokens, "labels": pa.array(numbers, pa.list_(pa.int16()))}, labels)


def read_examples(path: Path) -> TokenData:
    """Read the Parquet artifact; raises `InputError` for a label outside the label names."""
    (tokens, labels), names = read_labelled(path, "tokens", "labels")
    data = TokenData(tokens, labels, names)
    for number, (words, found) in enumerate(zip(tokens, labels, strict=True), 1):
        outside = [label for label in found if not 0 <= label < len(names)]
        if outside or len(words) != len(found):
            raise InputError(f"{path}: sentence {number}: labels {outside or len(found)} do not fit {len(names)} names")
    return data
