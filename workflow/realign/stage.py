"""What both trainings do around the loop: time it, and store the result as a checkpoint."""

import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from realign.devices import Precision
from realign.encoders.checkpoint import (
    LOSSES,
    RUN_RECORD,
    WEIGHTS,
    Manifest,
    RunRecord,
    copy_tokenizer,
    library_versions,
    new_checkpoint,
    sha256_of,
    write_manifest,
)
from realign.job import seconds_since_start
from realign.training import NonFiniteLoss, Plan, train, write_losses

if TYPE_CHECKING:
    from transformers import PreTrainedModel


def train_checkpoint(
    model: "PreTrainedModel",
    loss_of_step: Callable[[int], Tensor],
    plan: Plan,
    manifest: Manifest,
    *,
    base: Path,
    folder: Path,
    sentences: int,
    precision: Precision,
    label: str,
) -> None:
    """Train `model` and write it to `folder` with the tokenizer of `base`, manifest, loss curve and run record.

    `sentences` is how many the whole training sees. When the loss diverges, the weights of the last good step are
    left in `<folder>.diverged` and `NonFiniteLoss` goes on.
    """
    startup, start = seconds_since_start(), time.monotonic()
    try:
        losses = train(model, loss_of_step, plan, precision=precision, label=label)
    except NonFiniteLoss:
        model.save_pretrained(folder.with_name(f"{folder.name}.diverged"))
        raise
    seconds = time.monotonic() - start
    with new_checkpoint(folder) as unfinished:
        model.save_pretrained(unfinished, max_shard_size="1TB")
        copy_tokenizer(base, unfinished)
        write_losses(unfinished / LOSSES, losses, plan)
        record = RunRecord(
            seconds=round(seconds, 3),
            seconds_to_first_batch=round(startup, 3),
            sentences=sentences,
            sentences_per_second=round(sentences / seconds, 2),
            device=str(model.device),
            threads=torch.get_num_threads(),
        )
        write_manifest(unfinished, record, RUN_RECORD)
        weights = sha256_of(unfinished / WEIGHTS)
        write_manifest(
            unfinished, manifest.model_copy(update={"weights_sha256": weights, "versions": library_versions()})
        )


def fingerprints(paths: Iterable[str]) -> dict[str, str]:
    """sha256 of every file, by path."""
    return {path: sha256_of(Path(path)) for path in sorted(paths)}
