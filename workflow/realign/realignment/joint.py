"""Joint realignment: during fine-tuning, every optimiser step also takes a batch of linked sentence pairs."""

from collections.abc import Iterator
from typing import Any

from torch import Tensor

from realign.encoders.devices import Batch
from realign.realignment.objective import RealignmentObjective
from realign.training.loop import Objective


class JointObjective:
    """Adds the realignment loss of one batch, times a coefficient, to the task's loss at every step."""

    def __init__(self, task: Objective, realignment: RealignmentObjective, coefficient: float = 1.0) -> None:
        """`task` and `realignment` share their encoder."""
        self.task, self.realignment, self.coefficient = task, realignment, coefficient
        self.head = realignment.head
        self.draws: Iterator[Any] = zip(task.draws, realignment.draws, strict=False)

    def prepare(self, draws: tuple[Any, Any]) -> tuple[Batch, Batch]:
        """A batch of the task and one of linked sentence pairs."""
        return self.task.prepare(draws[0]), self.realignment.prepare(draws[1])

    def loss(self, batches: tuple[Batch, Batch], at_once: int | None = None) -> Tensor:
        """The sum of both losses, a scalar."""
        task, realignment = self.parts(batches, at_once)
        return task + realignment

    def parts(self, batches: tuple[Batch, Batch], at_once: int | None = None) -> tuple[Tensor, Tensor]:
        """The task's loss, and the realignment loss times its coefficient."""
        task = self.task.loss(batches[0], at_once)
        return task, self.coefficient * self.realignment.loss(batches[1], at_once)
