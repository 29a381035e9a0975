"""What the measuring stages write: one JSON file for each checkpoint and language."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict

from realign.alignment import AlignmentRow
from realign.text.files import atomic_writer


class AlignmentRecord(BaseModel):
    """Alignment of one encoder before fine-tuning for one language; `aligner` is None for a pretrained encoder."""

    model_config = ConfigDict(extra="forbid")

    model: str
    aligner: str | None = None
    steps: int = 0
    seed: int | None = None
    language: str
    alignment: list[AlignmentRow]


class ScoreRecord(BaseModel):
    """Score and alignment of one fine-tuned model for one language.

    The metric is Σ numerators / Σ denominators over sentences. The source language has no alignment.
    """

    model_config = ConfigDict(extra="forbid")

    model: str
    method: str
    task: str
    seed: int
    language: str
    metric: str
    score: float
    n: int
    """words scored"""
    numerators: list[int]
    denominators: list[int]
    alignment: list[AlignmentRow]


def write_record(path: Path, record: BaseModel) -> None:
    """Write a record as one JSON object."""
    with atomic_writer(path) as out:
        out.write(record.model_dump_json() + "\n")
