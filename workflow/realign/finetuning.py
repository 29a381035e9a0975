"""Fine-tuning, shared by its two rules: train an encoder on labelled examples and store a checkpoint."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from numpy.random import Generator

from realign.encoders.checks import check_length
from realign.encoders.devices import pick_device, seed_everything
from realign.tasks.kind import section_of
from realign.training.checkpointing import Destination, Execution, train_checkpoint
from realign.training.loop import Objective, Plan
from realign.training.steps import finetuning_steps

if TYPE_CHECKING:
    from transformers import PreTrainedModel

Extension = Callable[[Objective, "PreTrainedModel", Generator], Objective]
"""Makes another objective from the task's, given the model and the training's random generator."""


@dataclass(frozen=True)
class FinetuningSettings:
    """Epochs, examples per step, peak learning rate, warm-up as a share of the steps, weight decay, longest input.

    Gradients longer than `max_gradient_norm` are scaled to it; None leaves them. `of_kind` are settings of the task's
    kind, among which may be a longest input of its own.
    """

    epochs: int
    batch_size: int
    learning_rate: float
    warmup: float = 0.1
    weight_decay: float = 0.0
    max_length: int = 96
    max_gradient_norm: float | None = 1.0
    of_kind: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class LabelledInput:
    """The inputs of fine-tuning: an encoder's folder, examples as Parquet, and the package of the task's kind."""

    encoder: Path
    examples: Path
    kind: str


def finetune_checkpoint(
    source: LabelledInput,
    settings: FinetuningSettings,
    destination: Destination,
    execution: Execution,
    extend: Extension | None = None,
) -> None:
    """Fine-tune an encoder on labelled examples and store it; `extend` may add to the task's objective.

    The manifest of `destination` must have a seed. Raises `InputError` for invalid examples or encoders.
    """
    manifest = destination.manifest
    assert manifest.seed is not None
    data, model_of = (import_module(f"{source.kind}.{part}") for part in ("data", "model"))
    rng = seed_everything(manifest.seed)
    examples = data.read_examples(source.examples)
    model = model_of.load(source.encoder, pick_device(), examples.label_names)
    of_kind = {"max_length": settings.max_length, **settings.of_kind}
    own_length = "max_length" in settings.of_kind
    check_length(model, of_kind["max_length"], section_of(source.kind) if own_length else "finetuning")
    objective = model_of.objective(model, source.encoder, examples, batch_size=settings.batch_size, rng=rng, **of_kind)
    steps = finetuning_steps(len(examples), settings.batch_size, settings.epochs)
    made = {"labels": examples.label_names, "steps": steps}
    train_checkpoint(
        model,
        extend(objective, model, rng) if extend else objective,
        Plan(
            settings.learning_rate,
            steps,
            settings.warmup,
            "linear",
            settings.weight_decay,
            settings.max_gradient_norm,
        ),
        source.encoder,
        Destination(destination.folder, manifest.model_copy(update=made), destination.dtype),
        execution,
        sentences=settings.epochs * len(examples),
    )
