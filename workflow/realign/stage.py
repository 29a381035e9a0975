"""What both trainings do around the loop: time it, and store the result as a checkpoint."""

import time
from collections.abc import Iterable
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from realign.devices import Precision, computed_precision
from realign.encoders.checkpoint import (
    LOSSES,
    MANIFEST,
    RUN_RECORD,
    WEIGHTS,
    Manifest,
    RunRecord,
    copy_tokenizer,
    library_versions,
    new_checkpoint,
    write_manifest,
)
from realign.job import seconds_since_start
from realign.resuming import TrainingState
from realign.text.files import sha256_of
from realign.training import NonFiniteLoss, Objective, Plan, train, write_losses

if TYPE_CHECKING:
    from transformers import PreTrainedModel


@dataclass(frozen=True)
class Resumption:
    """How a training that may be interrupted goes on: what else identifies it, and how often it saves, in seconds."""

    identity: str
    interval: float = 600.0


def train_checkpoint(
    model: "PreTrainedModel",
    objective: Objective,
    plan: Plan,
    manifest: Manifest,
    *,
    base: Path,
    folder: Path,
    sentences: int,
    precision: Precision,
    label: str,
    dtype: str = "float32",
    resume: Resumption | None = None,
    rows: int | None = None,
) -> None:
    """Train `model` and write it to `folder` with the tokenizer of `base`, manifest, loss curve and run record.

    With `resume`, the training saves its state beside `folder` and goes on from one that an earlier try has left.
    `sentences` is how many the whole training sees, `rows` how many at a time, `dtype` that of the stored weights. When
    the loss diverges, the weights of the last good step are left in `<folder>.diverged` and `NonFiniteLoss` goes on.
    """
    startup, start = seconds_since_start(), time.monotonic()
    state = None
    if resume is not None:
        identity = f"{manifest.model_dump_json()} {library_versions()} {plan} {precision} {resume.identity}"
        state = TrainingState(folder.with_name(f".{folder.name}.state"), identity, resume.interval)
    try:
        with state.listening() if state else nullcontext():
            losses = train(model, objective, plan, precision=precision, label=label, state=state, rows=rows)
    except NonFiniteLoss:
        model.save_pretrained(folder.with_name(f"{folder.name}.diverged"))
        raise
    seconds = time.monotonic() - start
    with new_checkpoint(folder) as unfinished:
        model.to(getattr(torch, dtype)).save_pretrained(unfinished, max_shard_size="1TB")
        copy_tokenizer(base, unfinished)
        write_losses(unfinished / LOSSES, losses, plan)
        record = RunRecord(
            seconds=round(seconds, 3),
            seconds_to_first_batch=round(startup, 3),
            sentences=sentences,
            sentences_per_second=round(sentences / seconds, 2),
            device=str(model.device),
            precision=computed_precision(model.device, precision),
            threads=torch.get_num_threads(),
        )
        write_manifest(unfinished, record, RUN_RECORD)
        weights = sha256_of(unfinished / WEIGHTS)
        write_manifest(
            unfinished, manifest.model_copy(update={"weights_sha256": weights, "versions": library_versions()})
        )

    if state is not None:
        state.remove()


def fingerprints(paths: Iterable[str]) -> dict[str, str]:
    """sha256 of every file, by its path from `results` on; a manifest stands for all that lies beside it."""
    files = [Path(path) for path in sorted(paths)]
    vouched = {path.parent for path in files if path.name == MANIFEST}
    return {
        _below_results(path): sha256_of(path) for path in files if path.parent not in vouched or path.name == MANIFEST
    }


def _below_results(path: Path) -> str:
    """A path without the folders in which an object storage keeps its local copies."""
    start = max((number for number, part in enumerate(path.parts) if part == "results"), default=0)
    return str(Path(*path.parts[start:]))
