"""The one training loop: realignment and fine-tuning differ only in the loss that they hand to it."""

import math
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Literal, Protocol

import torch
from numpy.random import Generator
from torch import Tensor, nn
from tqdm import tqdm

from realign.devices import Batch, Precision, autocast, fed
from realign.errors import InputError
from realign.resuming import TrainingState
from realign.text.files import atomic_writer

LOOK = {"cpu": 1, "cuda": 50}
"""Steps from one look at the losses to the next, by device: to look at a GPU is to wait for it."""


class Objective(Protocol):
    """The loss of a training, batch after batch: drawn and prepared on the CPU, computed on the model's device."""

    draws: Iterator[Any]
    """What each step's batch is to hold; cheap to pass over."""

    def prepare(self, draw: Any, /) -> Batch:
        """A draw as tensors on the CPU."""

    def loss(self, batch: Batch, rows: int | None = None, /) -> Tensor:
        """The loss of a batch on the model's device, a scalar; at most `rows` sentences are computed at a time."""


class NonFiniteLoss(InputError):
    """The loss or its gradient became infinite or not a number; the model has the weights of the last good step."""

    def __init__(self, step: int, loss: float, norm: float) -> None:
        what = f"the loss is {loss}" if not math.isfinite(loss) else f"the gradient's norm is {norm}"
        super().__init__(f"{what} at step {step}; lower the learning rate or use precision: float32")
        self.step = step


class OutOfMemory(InputError):
    """A batch does not fit into the device's memory, not even in halves."""


@dataclass(frozen=True)
class Plan:
    """How to optimise: peak learning rate, number of steps, warm-up as a share of them, and what follows it."""

    learning_rate: float
    steps: int
    warmup: float = 0.0
    decay: Literal["linear", "constant"] = "constant"
    weight_decay: float = 0.0
    max_gradient_norm: float = 1.0

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
    rows: int | None = None,
) -> list[float]:
    """Optimise `model` in place with AdamW and return the loss of every step.

    With a saved `state` to go on from, the batches that were already used are passed over. At most `rows` sentences are
    computed at a time; a batch that does not fit into the device's memory halves them, once. Raises `NonFiniteLoss`,
    with the weights of the last good step, `OutOfMemory`, and `Interrupted`, with the state saved, after a signal.

    Nothing in a step waits for a GPU: losses stay there and are looked at now and then (`LOOK`); from the first that is
    not finite on, the optimiser itself leaves the weights alone.
    """
    device = next(model.parameters()).device
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(parameters, lr=plan.learning_rate, weight_decay=plan.weight_decay, fused=True)
    losses: list[float] = []
    if state is not None:
        rows = state.restore(model, optimizer, losses) or rows
    batches = fed(map(objective.prepare, islice(objective.draws, len(losses), None)), device)
    gradients = Gradients(objective, optimizer, precision, rows)
    unseen: list[Tensor] = []  # of each step since the last look: loss and norm of the gradient, [2]
    bad = torch.zeros((), device=device)
    model.train()
    steps = range(len(losses), plan.steps)
    for step in tqdm(steps, desc=label, unit="step", initial=len(losses), total=plan.steps, mininterval=5, ncols=80):
        for group in optimizer.param_groups:
            group["lr"] = plan.rate(step)
        loss = gradients(next(batches), device, step)
        norm = nn.utils.clip_grad_norm_(parameters, plan.max_gradient_norm)
        unseen.append(torch.stack([loss, norm.detach()]))
        bad = torch.maximum(bad, 1.0 - unseen[-1].isfinite().all().float())
        optimizer.found_inf = bad  # type: ignore[attr-defined]
        optimizer.step()
        due = state is not None and state.due()
        if due or len(unseen) == LOOK.get(device.type, 50) or step + 1 == plan.steps:
            losses += _finite(unseen, len(losses))
            unseen.clear()
        if due and state is not None:
            state.save(model, optimizer, losses, gradients.rows)
    model.eval()
    return losses


class Gradients:
    """Gradients of one batch after another, at most `rows` sentences at a time, which a lack of memory halves, once."""

    def __init__(
        self, objective: Objective, optimizer: torch.optim.Optimizer, precision: Precision, rows: int | None
    ) -> None:
        self.objective, self.optimizer, self.precision, self.rows = objective, optimizer, precision, rows
        self._halved = False

    def __call__(self, batch: Batch, device: torch.device, step: int) -> Tensor:
        """The batch's loss, detached; its gradients replace those of the batch before."""
        try:
            return self._of(batch, device)
        except torch.OutOfMemoryError:
            if self._halved:
                told = f"out of memory on {device} at step {step} with {self.rows} sentences at a time"
                raise OutOfMemory(f"{told}; lower micro_batch_size or max_length") from None
        # outside of the handler, whose traceback would keep the failed try's memory
        tried = min(self.rows or sys.maxsize, most_rows(batch))
        self.rows, self._halved = max(1, tried // 2), True
        print(f"out of memory at step {step}: from here on {self.rows} sentences at a time, not {tried}", flush=True)
        if device.type == "cuda":
            torch.cuda.empty_cache()
        return self(batch, device, step)

    def _of(self, batch: Batch, device: torch.device) -> Tensor:
        self.optimizer.zero_grad(set_to_none=True)
        with autocast(device, self.precision):
            loss = self.objective.loss(batch, self.rows)
        loss.backward()
        return loss.detach()


def most_rows(batch: Batch) -> int:
    """Number of sentences of a batch, or of the largest of a tuple of batches."""
    return len(batch.ids) if hasattr(batch, "ids") else max(map(most_rows, batch))


def _finite(unseen: list[Tensor], step: int) -> list[float]:
    """The losses among [loss, norm] of the steps from `step` on; raises `NonFiniteLoss` for the first bad one."""
    seen = torch.stack(unseen).tolist()
    for later, (loss, norm) in enumerate(seen):
        if not (math.isfinite(loss) and math.isfinite(norm)):
            raise NonFiniteLoss(step + later, loss, norm)
    return [loss for loss, _ in seen]


def bucketed_batches(lengths: Sequence[int], batch_size: int, order: Generator, pool: int = 16) -> list[list[int]]:
    """One epoch of shuffled batches of indices, in which sentences of similar length share a batch.

    Shuffled indices are cut into pools of `pool` batches and sorted by length inside each; then batches are shuffled.
    """
    shuffled = order.permutation(len(lengths)).tolist()
    batches: list[list[int]] = []
    for start in range(0, len(shuffled), batch_size * pool):
        nearby = sorted(shuffled[start : start + batch_size * pool], key=lambda index: lengths[index])
        batches += [nearby[first : first + batch_size] for first in range(0, len(nearby), batch_size)]
    return [batches[number] for number in order.permutation(len(batches))]


def endless_batches(lengths: Sequence[int], batch_size: int, order: Generator) -> Iterator[list[int]]:
    """Epoch after epoch of `bucketed_batches`."""
    while True:
        yield from bucketed_batches(lengths, batch_size, order)


def write_losses(path: Path, losses: Sequence[float], plan: Plan) -> None:
    """The loss curve as CSV: step, learning rate, loss."""
    with atomic_writer(path) as out:
        out.write("step,learning_rate,loss\n")
        out.writelines(f"{step},{plan.rate(step):.6g},{loss:.6f}\n" for step, loss in enumerate(losses))
