"""Joint realignment: during fine-tuning, every optimiser step also takes a batch of linked sentence pairs."""

from collections.abc import Iterator

from torch import Tensor

from realign.realignment import LinkedPair, RealignmentObjective
from realign.training import Objective, pass_over


class JointObjective:
    """Adds the realignment loss of one batch, times a coefficient, to the task's loss of every step."""

    def __init__(
        self,
        task: Objective,
        realignment: RealignmentObjective,
        batches: Iterator[list[LinkedPair]],
        coefficient: float = 1.0,
    ) -> None:
        """`task` and `realignment` share their encoder."""
        self.task, self.realignment = task, realignment
        self.batches, self.coefficient = batches, coefficient

    def skip(self, steps: int) -> None:
        """Pass over the batches of so many steps, of both losses."""
        self.task.skip(steps)
        pass_over(self.batches, steps)

    def __call__(self, step: int) -> Tensor:
        """The sum of both losses, a scalar."""
        return self.task(step) + self.coefficient * self.realignment(next(self.batches))
