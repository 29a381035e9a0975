"""What realignment and fine-tuning do around the loop: save the state, time it, and store a checkpoint."""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import nn

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
    vouched_files,
    write_manifest,
)
from realign.encoders.devices import computed_precision
from realign.encoders.precision import Precision
from realign.jobs.job import seconds_since_start
from realign.text.files import sha256_of
from realign.training.gradients import GradientLog
from realign.training.loop import NonFiniteLoss, Objective, Plan, train, write_losses
from realign.training.resuming import TrainingState

if TYPE_CHECKING:
    from transformers import PreTrainedModel


@dataclass(frozen=True)
class Execution:
    """How a training computes, and how often it saves its state; `identity` distinguishes trainings in one folder."""

    precision: Precision = "auto"
    at_once: int | None = None
    """Sentences on the device at a time; None is the whole batch."""
    identity: str = ""
    state_seconds: float = 600.0
    gradient_cosine: int | None = None
    """Log the cosine between the gradients of the parts of the loss every so many steps; None does not."""


@dataclass(frozen=True)
class Destination:
    """Where a trained checkpoint goes: its folder, what its manifest says, and the dtype of its weights."""

    folder: Path
    manifest: Manifest
    dtype: str = "float32"


def train_checkpoint(
    model: "PreTrainedModel",
    objective: Objective,
    plan: Plan,
    base: Path,
    destination: Destination,
    execution: Execution,
    *,
    sentences: int,
) -> None:
    """Train `model` and store it with the tokenizer of `base`, its manifest, loss curve and run record.

    If the objective has a head of its own, it is trained too and not stored.

    The training saves its state beside its folder, and continues from a state that an earlier try has left there.
    `sentences` is the number of sentences in the whole training. When the loss diverges, the weights of the last good
    step are saved in `<folder>.diverged`, and `NonFiniteLoss` is raised.
    """
    folder, manifest, precision = destination.folder, destination.manifest, execution.precision
    startup, start = seconds_since_start(), time.monotonic()
    identity = f"{manifest.model_dump_json()} {library_versions()} {plan} {precision} {execution.identity}"
    state = TrainingState(folder.with_name(f".{folder.name}.state"), identity, execution.state_seconds)
    trained = model if objective.head is None else nn.ModuleList([model, objective.head])
    label = "realignment" if manifest.task is None else "fine-tuning"
    log = GradientLog(execution.gradient_cosine) if execution.gradient_cosine else None
    try:
        with state.listening():
            losses = train(
                trained,
                objective,
                plan,
                precision=precision,
                label=label,
                state=state,
                at_once=execution.at_once,
                log=log,
            )
    except NonFiniteLoss:
        model.save_pretrained(folder.with_name(f"{folder.name}.diverged"))
        raise
    seconds = time.monotonic() - start
    record = RunRecord(
        seconds=round(seconds, 3),
        seconds_to_first_batch=round(startup, 3),
        sentences=sentences,
        sentences_per_second=round(sentences / seconds, 2),
        device=str(model.device),
        precision=computed_precision(model.device, precision),
        threads=torch.get_num_threads(),
    )
    with new_checkpoint(folder) as unfinished:
        model.to(getattr(torch, destination.dtype)).save_pretrained(unfinished, max_shard_size="1TB")
        copy_tokenizer(base, unfinished)
        write_losses(unfinished / LOSSES, losses, plan, log)
        write_manifest(unfinished, record, RUN_RECORD)
        made = {
            "weights_sha256": sha256_of(unfinished / WEIGHTS),
            "files": vouched_files(unfinished),
            "versions": library_versions(),
        }
        write_manifest(unfinished, manifest.model_copy(update=made))
    state.remove()


def fingerprints(paths: Iterable[str]) -> dict[str, str]:
    """sha256 of every file, by its path that starts with `results`; a manifest covers the files beside it."""
    files = [Path(path) for path in sorted(paths)]
    vouched = {path.parent for path in files if path.name == MANIFEST}
    return {
        _below_results(path): sha256_of(path) for path in files if path.parent not in vouched or path.name == MANIFEST
    }


def _below_results(path: Path) -> str:
    """A path without the folders in which object storage keeps its local copies."""
    start = max((number for number, part in enumerate(path.parts) if part == "results"), default=0)
    return str(Path(*path.parts[start:]))
