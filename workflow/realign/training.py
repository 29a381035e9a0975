"""The one training loop: realignment and fine-tuning differ only in the loss that they hand to it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
import torch
from numpy.random import Generator
from torch import Tensor, nn
from tqdm import tqdm

from realign.devices import Precision, autocast
from realign.errors import InputError
from realign.resuming import TrainingState
from realign.text.files import atomic_writer


class Objective(Protocol):
    """The loss of a training, batch after batch."""

    def __call__(self, step: int, /) -> Tensor:
        """The loss of the next batch, a scalar."""

    def skip(self, steps: int, /) -> None:
        """Pass over the batches of so many steps."""


class NonFiniteLoss(InputError):
    """The loss became infinite or not a number; the model still has the weights of the last good step."""

    def __init__(self, step: int, loss: float) -> None:
        super().__init__(f"the loss is {loss} at step {step}; lower the learning rate or use precision: float32")
        self.step = step


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
    loss_of_step: Objective,
    plan: Plan,
    *,
    precision: Precision = "auto",
    label: str = "training",
    state: TrainingState | None = None,
) -> list[float]:
    """Optimise `model` in place with AdamW and return the loss of every step.

    `loss_of_step(step)` computes the loss of that step's batch under autocast; with a saved `state` to go on from, its
    `skip(steps)` passes over the batches that were already used. Raises `NonFiniteLoss`, before the weights are
    touched, when the loss is not finite, and `Interrupted`, with the state saved, after a signal.
    """
    device = next(model.parameters()).device
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(parameters, lr=plan.learning_rate, weight_decay=plan.weight_decay, fused=True)
    losses: list[float] = []
    if state is not None:
        state.restore(model, optimizer, losses)
        if losses:
            loss_of_step.skip(len(losses))
    model.train()
    steps = range(len(losses), plan.steps)
    for step in tqdm(steps, desc=label, unit="step", initial=len(losses), total=plan.steps, mininterval=5, ncols=80):
        for group in optimizer.param_groups:
            group["lr"] = plan.rate(step)
        with autocast(device, precision):
            loss = loss_of_step(step)
        value = loss.item()
        if not np.isfinite(value):
            raise NonFiniteLoss(step, value)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, plan.max_gradient_norm)
        optimizer.step()
        losses.append(value)
        if state is not None:
            state.after_step(model, optimizer, losses)
    model.eval()
    return losses


def pass_over(batches: Iterator[object], steps: int) -> None:
    """Take so many batches and drop them."""
    for _ in range(steps):
        next(batches)


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
