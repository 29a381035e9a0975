"""Joint realignment: during fine-tuning, every optimiser step also takes a batch of linked sentence pairs."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from numpy.random import Generator
from torch import Tensor

from realign.encoders.checkpoint import base_encoder
from realign.encoders.devices import Batch
from realign.realignment.linked_bitext import PairFile
from realign.realignment.objective import RealignmentObjective, RealignmentSettings, realignment_objective
from realign.training.loop import Objective

if TYPE_CHECKING:
    from transformers import PreTrainedModel


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


def jointly(
    folder: Path, files: Sequence[PairFile], settings: Mapping[str, Any]
) -> "Callable[[Objective, PreTrainedModel, Generator], JointObjective]":
    """What adds realignment to a task's objective: a function of that, the model and the random generator.

    `folder` has the tokenizer, and `settings` are those of `RealignmentSettings` and the `coefficient`.
    """
    own = RealignmentSettings(**{key: value for key, value in settings.items() if key != "coefficient"})

    def extend(task: Objective, model: "PreTrainedModel", rng: Generator) -> JointObjective:
        realignment = realignment_objective(base_encoder(model), folder, files, own, rng)
        return JointObjective(task, realignment, settings["coefficient"])

    return extend
