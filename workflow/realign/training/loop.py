"""The one training loop: realignment and fine-tuning differ only in the objective that they pass to it."""

import math
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Literal, Protocol, runtime_checkable

import torch
from torch import Tensor, nn

from realign.encoders.devices import Batch, autocast, fed
from realign.encoders.precision import Precision
from realign.errors import InputError
from realign.jobs.bars import bar
from realign.text.files import atomic_writer
from realign.training.gradients import GradientLog, gradient_cosine
from realign.training.resuming import TrainingState
from realign.training.rows import RowwiseAdamW

STEPS_BETWEEN_READINGS = {"cpu": 1, "cuda": 50}
"""Steps between two readings of the losses, by device: reading a loss synchronises the GPU."""


class Objective(Protocol):
    """The loss of a training, batch after batch; batches are made on the CPU, losses on the model's device."""

    draws: Iterator[Any]
    """What goes into the batch of each step; cheap to skip."""

    @property
    def head(self) -> nn.Module | None:
        """Layers of its own, which are trained with the model and not stored; None without any."""

    def prepare(self, draw: Any, /) -> Batch:
        """A draw as tensors on the CPU."""

    def loss(self, batch: Batch, at_once: int | None = None, /) -> Tensor:
        """The loss of a batch on the model's device, a scalar; at most `at_once` sentences are computed at a time."""


@runtime_checkable
class SumOfTwo(Protocol):
    """An objective whose loss is the sum of two."""

    def parts(self, batch: Batch, at_once: int | None = None, /) -> tuple[Tensor, Tensor]:
        """Both losses of a batch, scalars."""


class NonFiniteLoss(InputError):
    """The loss or its gradient became infinite or not a number; the model has the weights of the last good step."""

    def __init__(self, step: int, loss: float, norm: float) -> None:
        what = f"the loss is {loss}" if not math.isfinite(loss) else f"the gradient's norm is {norm}"
        super().__init__(f"{what} at step {step}; lower the learning rate or use precision: float32")
        self.step = step


class OutOfMemory(InputError):
    """A batch does not fit into the device's memory, even after halving."""


@dataclass(frozen=True)
class Plan:
    """How to optimise: peak learning rate, number of steps, warm-up as a share of them, and the decay after it."""

    learning_rate: float
    steps: int
    warmup: float = 0.0
    decay: Literal["linear", "constant"] = "constant"
    weight_decay: float = 0.0
    max_gradient_norm: float | None = 1.0
    """Longer gradients are scaled to this length; None leaves them."""

    def rate(self, step: int) -> float:
        """Learning rate of a step, counted from 0."""
        warmup_steps = int(self.warmup * self.steps)
        if step < warmup_steps:
            return self.learning_rate * (step + 1) / (warmup_steps + 1)
        if self.decay == "constant":
            return self.learning_rate
        return self.learning_rate * (self.steps - step) / max(1, self.steps - warmup_steps)


def train(
    model: nn.Module,
    objective: Objective,
    plan: Plan,
    *,
    precision: Precision = "auto",
    label: str = "training",
    state: TrainingState | None = None,
    at_once: int | None = None,
    log: GradientLog | None = None,
) -> list[float]:
    """Optimise `model` in place with AdamW and return the loss of every step.

    With a saved `state`, training continues from it and skips the batches that were already used. At most `at_once`
    sentences are computed at a time; if a batch does not fit into the device's memory, that number is halved once.
    With a `log`, an objective that is the sum of two losses has the cosine between their gradients logged.
    Raises `NonFiniteLoss` with the model at the weights of the last good step, `OutOfMemory`, and, after a signal,
    `Interrupted` with the state saved.

    No step waits for a GPU: losses stay on it and are read every `STEPS_BETWEEN_READINGS` steps. After the first loss
    that is not finite, the optimiser itself stops changing the weights.
    """
    device = next(model.parameters()).device
    optimizer = RowwiseAdamW(model, plan.learning_rate, plan.weight_decay)
    losses: list[float] = []
    cosines: dict[int, float] = log.cosines if log else {}
    if state is not None:
        at_once = state.restore(model, optimizer, losses, cosines) or at_once
    batches = fed(map(objective.prepare, islice(objective.draws, len(losses), None)), device)
    gradients = Gradients(objective, optimizer, precision, at_once, log)
    unread: list[Tensor] = []  # loss and gradient norm [2] of each step since the last reading
    bad = torch.zeros((), device=device)
    model.train()
    steps = range(len(losses), plan.steps)
    for step in bar(steps, desc=label, unit="step", initial=len(losses), total=plan.steps):
        for group in optimizer.param_groups:
            group["lr"] = plan.rate(step)
        loss = gradients(next(batches), device, step)
        norm = nn.utils.clip_grad_norm_(optimizer.parameters(), plan.max_gradient_norm or math.inf)
        unread.append(torch.stack([loss, norm.detach()]))
        bad = torch.maximum(bad, 1.0 - unread[-1].isfinite().all().float())
        optimizer.found_inf = bad  # type: ignore[attr-defined]
        optimizer.step()
        due = state is not None and state.due()
        if due or len(unread) == STEPS_BETWEEN_READINGS.get(device.type, 50) or step + 1 == plan.steps:
            losses += _finite(unread, len(losses))
            unread.clear()
            cosines.update({logged: float(cosine) for logged, cosine in gradients.unread.items()})
            gradients.unread.clear()
        if due and state is not None:
            state.save(model, optimizer, losses, gradients.at_once, cosines)
    model.eval()
    return losses


class Gradients:
    """Gradients of one batch after another, `at_once` sentences at a time; running out of memory halves that once."""

    def __init__(
        self,
        objective: Objective,
        optimizer: RowwiseAdamW,
        precision: Precision,
        at_once: int | None,
        log: GradientLog | None = None,
    ) -> None:
        """`unread` collects the cosines of the `log`, by step, on the device."""
        self.objective, self.optimizer, self.precision, self.at_once = objective, optimizer, precision, at_once
        self.log, self.unread = log, dict[int, Tensor]()
        self._halved = False

    def __call__(self, batch: Batch, device: torch.device, step: int) -> Tensor:
        """The batch's loss, detached; its gradients replace those of the previous batch."""
        try:
            return self._of(batch, device, step)
        except torch.OutOfMemoryError:
            if self._halved:
                said = f"out of memory on {device} at step {step} with {self.at_once} sentences at a time"
                raise OutOfMemory(f"{said}; lower micro_batch_size or max_length") from None
        # outside the handler, whose traceback would keep the memory of the failed try
        tried = min(self.at_once or sys.maxsize, sentences_in(batch))
        self.at_once, self._halved = max(1, tried // 2), True
        said = f"out of memory at step {step}: continuing with {self.at_once} sentences at a time, not {tried}"
        print(said, flush=True)
        if device.type == "cuda":
            torch.cuda.empty_cache()
        return self(batch, device, step)

    def _of(self, batch: Batch, device: torch.device, step: int) -> Tensor:
        with self.optimizer.new_gradients():
            if self.log and self.log.wants(step) and isinstance(self.objective, SumOfTwo):
                with autocast(device, self.precision):
                    parts = self.objective.parts(batch, self.at_once)
                    loss = parts[0] + parts[1]
                self.unread[step] = gradient_cosine(parts, self.optimizer.trained())
            else:
                with autocast(device, self.precision):
                    loss = self.objective.loss(batch, self.at_once)
            loss.backward()
        return loss.detach()


def sentences_in(batch: Batch) -> int:
    """Number of sentences of a batch, or of the largest of a tuple of batches."""
    return len(batch.ids) if hasattr(batch, "ids") else max(map(sentences_in, batch))


def _finite(unread: list[Tensor], step: int) -> list[float]:
    """The losses in `unread`, whose first step is `step`; raises `NonFiniteLoss` for the first bad loss or norm."""
    read = torch.stack(unread).tolist()
    for later, (loss, norm) in enumerate(read):
        if not (math.isfinite(loss) and math.isfinite(norm)):
            raise NonFiniteLoss(step + later, loss, norm)
    return [loss for loss, _ in read]


def write_losses(path: Path, losses: Sequence[float], plan: Plan, log: GradientLog | None = None) -> None:
    """The loss curve as CSV: step, learning rate, loss, and with a `log` the cosine of gradients where it is known."""
    with atomic_writer(path) as out:
        out.write("step,learning_rate,loss" + ",gradient_cosine" * bool(log) + "\n")
        for step, loss in enumerate(losses):
            cosine = log.cosines.get(step, math.nan) if log else math.nan
            logged = "" if math.isnan(cosine) else f"{cosine:.6f}"
            out.write(f"{step},{plan.rate(step):.6g},{loss:.6f}" + f",{logged}" * bool(log) + "\n")
