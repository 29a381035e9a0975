"""The fine-tuning stage, shared by its two rules: from an encoder and labelled sentences to a checkpoint."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from numpy.random import Generator

from realign.classification import PairObjective
from realign.devices import Precision, pick_device, seed_everything
from realign.encoders.checkpoint import Manifest, load_classifier, load_tagger
from realign.encoders.pairs import PairTokenizer
from realign.encoders.words import WordTokenizer
from realign.finetuning import TaggingObjective
from realign.limits import check_length
from realign.stage import Resumption, train_checkpoint
from realign.steps import finetuning_steps
from realign.tasks.data import read_token_data
from realign.tasks.pairs import PAIR_TASKS, read_pair_data
from realign.training import Objective, Plan

if TYPE_CHECKING:
    from transformers import PreTrainedModel

Extension = Callable[[Objective, "PreTrainedModel", Generator], Objective]
"""Makes another objective from the task's, given the model and the run's random numbers."""


def finetune_checkpoint(
    base: Path,
    sentences: Path,
    settings: dict[str, Any],
    manifest: Manifest,
    *,
    folder: Path,
    precision: Precision,
    dtype: str = "float32",
    resume: Resumption | None = None,
    extend: Extension | None = None,
) -> None:
    """Fine-tune the encoder in `base` on a Parquet file of labelled sentences and write it to `folder`.

    `settings` is the config's section `finetuning`; `manifest` holds what the rule knows, its seed and task above all.
    """
    assert manifest.seed is not None
    order = seed_everything(manifest.seed)
    start = _start_pairs if manifest.task in PAIR_TASKS else _start_tagging
    model, objective, labels, size = start(base, sentences, settings, order)
    check_length(model, settings["max_length"], "finetuning")
    steps = finetuning_steps(size, settings["batch_size"], settings["epochs"])
    train_checkpoint(
        model,
        extend(objective, model, order) if extend else objective,
        Plan(settings["learning_rate"], steps, settings["warmup"], "linear", settings["weight_decay"]),
        manifest.model_copy(update={"labels": labels, "steps": steps}),
        base=base,
        folder=folder,
        sentences=settings["epochs"] * size,
        precision=precision,
        label="fine-tuning",
        dtype=dtype,
        resume=resume,
        rows=settings["micro_batch_size"],
    )


Start = tuple["PreTrainedModel", Objective, list[str], int]
"""A model with a new head, its objective, the label names and the number of training sentences or pairs."""


def _start_tagging(base: Path, sentences: Path, settings: dict[str, Any], order: Generator) -> Start:
    data = read_token_data(sentences)
    tagger = load_tagger(base, pick_device(), data.label_names)
    tokenizer = WordTokenizer(base, settings["max_length"])
    objective = TaggingObjective(tagger, tokenizer, data, settings["batch_size"], order)
    return tagger, objective, data.label_names, len(data)


def _start_pairs(base: Path, pairs: Path, settings: dict[str, Any], order: Generator) -> Start:
    data = read_pair_data(pairs)
    classifier = load_classifier(base, pick_device(), data.label_names)
    tokenizer = PairTokenizer(base, settings["max_length"])
    objective = PairObjective(classifier, tokenizer, data, settings["batch_size"], order)
    return classifier, objective, data.label_names, len(data)
