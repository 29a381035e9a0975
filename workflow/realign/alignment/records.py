"""The records that measuring and scoring write: one JSON file for each checkpoint and language."""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from realign.text.files import atomic_writer

Direction = Literal["forward", "backward"]
"""Forward is from the source language to the target language."""


class AlignmentScore(BaseModel):
    """The alignment of one layer by one measure, over `n` pairs of words; layer 0 is the embeddings.

    `by_pairs` has the score over fewer pairs, by their number (`realign.alignment.measuring.SIZES`), so that languages
    with different numbers of pairs can be compared.
    """

    layer: int
    direction: Direction
    measure: str
    score: float
    n: int
    by_pairs: dict[int, float] = {}


class AlignmentRecord(BaseModel):
    """Alignment of one encoder before fine-tuning for one language; `recipe` is None for a pretrained encoder."""

    model_config = ConfigDict(extra="forbid")

    model: str
    recipe: str | None = None
    seed: int | None = None
    language: str
    alignment: list[AlignmentScore]


class ScoreRecord(BaseModel):
    """Score and alignment of one fine-tuned model for one language.

    The metric is Σ numerators / Σ denominators over examples. The source language has no alignment.
    """

    model_config = ConfigDict(extra="forbid")

    model: str
    method: str
    realigned_for: str | None = None
    """The language of the encoder, if the method realigns one encoder for each language."""
    task: str
    seed: int
    language: str
    metric: str
    score: float
    n: int
    """Number of labels scored."""
    further: dict[str, float] = {}
    """The values of the task's further metrics, by name."""
    numerators: list[int | float]
    denominators: list[int]
    alignment: list[AlignmentScore]


def write_record(path: Path, record: BaseModel) -> None:
    """Write a record as one JSON object."""
    with atomic_writer(path) as out:
        out.write(record.model_dump_json() + "\n")
