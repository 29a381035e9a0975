"""Tidy tables of every score and every alignment: one observation a row."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pandas as pd
from pydantic import BaseModel

from realign.observations import AlignmentRecord, ScoreRecord
from realign.text.files import atomic_writer

Record = TypeVar("Record", bound=BaseModel)

SCORE_KEYS = ["model", "method", "task", "seed", "language"]
ALIGNMENT_KEYS = ["moment", "model", "method", "task", "seed", "language", "layer", "direction", "kind"]


def read_records(paths: Iterable[str], kind: type[Record]) -> list[Record]:
    """Records of one kind from their JSON files."""
    return [kind.model_validate_json(Path(path).read_text(encoding="utf-8")) for path in paths]


def scores_table(records: Iterable[ScoreRecord], source_language: str) -> pd.DataFrame:
    """Every score, with transfer: (score in target - score in source) / score in source, same model."""
    columns = [*SCORE_KEYS, "metric", "score", "n"]
    table = pd.DataFrame([record.model_dump(include=set(columns)) for record in records], columns=columns)
    run = ["model", "method", "task", "seed"]
    source = table[table["language"] == source_language].set_index(run)["score"].rename("source_score")
    table = table.join(source, on=run)
    table["transfer"] = (table["score"] - table["source_score"]) / table["source_score"]
    return table.drop(columns="source_score").sort_values(SCORE_KEYS, ignore_index=True)


def alignment_table(
    scores: Iterable[ScoreRecord], encoders: Iterable[AlignmentRecord], steps_of_task: Mapping[str, int]
) -> pd.DataFrame:
    """Every alignment score; `moment` is before or after fine-tuning, `layers` the number of layers of the model.

    Before fine-tuning a pretrained encoder, whose method is baseline, has no seed and no task. A realigned one stands
    under every task that starts from it: those whose number of realignment steps, `steps_of_task`, is its own.
    """
    rows: list[dict[str, Any]] = []
    for score in scores:
        about = {"moment": "after", **score.model_dump(include=set(SCORE_KEYS))}
        rows += [{**about, **row.model_dump(), "layers": len(score.alignment) // 4 - 1} for row in score.alignment]
    for encoder in encoders:
        pretrained = encoder.aligner is None
        tasks = [None] if pretrained else [task for task, steps in steps_of_task.items() if steps == encoder.steps]
        for task in tasks:
            about = {
                "moment": "before",
                "method": "baseline" if pretrained else f"before-{encoder.aligner}",
                "task": task,
                **encoder.model_dump(include={"model", "seed", "language"}),
            }
            layers = len(encoder.alignment) // 4 - 1
            rows += [{**about, **row.model_dump(), "layers": layers} for row in encoder.alignment]
    table = pd.DataFrame(rows, columns=[*ALIGNMENT_KEYS, "layers", "score", "n"])
    table["seed"] = table["seed"].astype("Int64")
    return table.sort_values(ALIGNMENT_KEYS, ignore_index=True)


def alignment_of_runs(alignment: pd.DataFrame, scores: pd.DataFrame) -> pd.DataFrame:
    """Alignment before and after fine-tuning of every scored run: the table's rows under each run's task and seed.

    The pretrained encoder stands before every run of the baseline and of joint realignment, a realigned one before the
    runs that started from it.
    """
    runs = scores[["model", "method", "task", "seed"]].drop_duplicates()
    after = alignment[alignment["moment"] == "after"]
    before = alignment[alignment["moment"] == "before"]
    pretrained = before[before["method"] == "baseline"].drop(columns=["method", "task", "seed"])
    realigned = before[before["method"] != "baseline"]
    return pd.concat(
        [
            after,
            runs[~runs["method"].str.startswith("before-")].merge(pretrained, on="model"),
            runs.merge(realigned, on=["model", "method", "task", "seed"]),
        ],
        ignore_index=True,
    )


def with_transfer(runs: pd.DataFrame, scores: pd.DataFrame) -> pd.DataFrame:
    """Rows of runs with the transfer of each; runs whose source score is 0 have no transfer and are left out."""
    points = runs.merge(scores[[*SCORE_KEYS, "transfer"]], on=SCORE_KEYS)
    return points[np.isfinite(points["transfer"])]


def write_table(table: pd.DataFrame, path: Path) -> None:
    """Write a table as CSV with six significant digits."""
    with atomic_writer(path) as out:
        table.to_csv(out, index=False, float_format="%.6g", lineterminator="\n")


def read_table(path: Path) -> pd.DataFrame:
    """Read one of the tidy tables back."""
    table = pd.read_csv(path)
    if "seed" in table:
        table["seed"] = table["seed"].astype("Int64")
    return table
