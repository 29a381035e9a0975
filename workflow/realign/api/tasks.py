"""Fine-tune an encoder on a task, and score it on texts in any language."""

from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from realign.api.computing import computing
from realign.api.encoders import Encoder, opened
from realign.api.realigning import JointRealignment
from realign.api.settings import (
    DTYPE,
    FINETUNING,
    METHOD,
    MODEL,
    PRECISION,
    SCORING,
    SEED,
    kind_fields,
    one_cell,
    split_off,
    task_of,
    with_settings,
)
from realign.config.methods import BASELINE
from realign.encoders.checkpoint import MANIFEST, Manifest, read_manifest
from realign.errors import InputError
from realign.experiment.experiment import Experiment
from realign.text.files import sha256_of

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

Examples = str | Path | Iterable[Any]
"""The path of a file in one of the task's formats, or examples as the task's `read` yields them."""


class Score(NamedTuple):
    """What a model scores: the metric's name, its value, the number of labels scored, and the task's other metrics."""

    metric: str
    score: float
    n: int
    further: dict[str, float]


@with_settings(FINETUNING)
def finetune(
    encoder: Encoder,
    task: str,
    train: Examples,
    *,
    save: str | Path,
    realignment: JointRealignment | None = None,
    labels: Sequence[str] | None = None,
    tokenizer: "PreTrainedTokenizerBase | None" = None,
    seed: int = SEED,
    threads: int | None = None,
    **settings: Any,
) -> Path:
    """Fine-tune an encoder on labelled examples, save it in the directory `save`, and return that.

    `encoder` is a name, a directory or a loaded model with its `tokenizer`, which stays as it is. `task` is one of the
    config's, such as `pos`, and `train` a file in its format. With a `realignment` that `realign.during` returns, every
    step also realigns the encoder. `labels` are your own, for tasks that can have them. The settings are those of
    `finetuning` and, for tasks whose kind has some, of `kinds` in the config. With the same seed and number of threads,
    the same machine makes the same bytes.

    The directory is an ordinary one of transformers, with the task's head. An interrupted call continues where it was
    if it is made again. Raises `InputError` for wrong settings, examples and encoders, and if the loss diverges.
    """
    if not isinstance(realignment, JointRealignment | None):
        found = type(realignment).__name__
        raise InputError(f"finetune: realignment: found {found!r}; expected what `realign.during` returns")
    experiment = _cell("finetune", task, labels, settings, realignment)

    from realign.finetuning import FinetuningSettings, LabelledInput, finetune_checkpoint
    from realign.realignment.joint import jointly
    from realign.training.checkpointing import Destination, Execution

    params = experiment.finetune_params(MODEL, task)
    kind, at_once = params.pop("kind"), params.pop("micro_batch_size")
    joint = None if realignment is None else experiment.joint_params(METHOD)
    with ExitStack() as stack:
        count = stack.enter_context(computing(threads))
        folder = stack.enter_context(opened(encoder, tokenizer))
        home = Path(stack.enter_context(TemporaryDirectory(prefix="realign.")))
        examples = _prepared(train, task, experiment.task_labels(task), home)
        files = realignment.translations.files(home, folder, count) if realignment else []
        manifest = Manifest(
            model=read_manifest(folder).model,
            method="realigned" if joint else read_manifest(folder).method,
            task=task,
            seed=seed,
            realignment=joint,
            inputs={file.name: sha256_of(file) for file in (folder / MANIFEST, *sorted(home.iterdir()))},
        )
        finetune_checkpoint(
            LabelledInput(folder, examples, kind),
            FinetuningSettings(**params),
            Destination(Path(save), manifest, experiment.config.storage.dtype),
            Execution(
                experiment.config.precision,
                at_once,
                f"{params} {joint}",
                gradient_cosine=experiment.gradient_cosine(METHOD) if joint else None,
            ),
            jointly(folder, files, joint) if joint else None,
        )
    return Path(save)


@with_settings(SCORING)
def score(model: str | Path, test: Examples, *, threads: int | None = None, **settings: Any) -> Score:
    """Score a fine-tuned model on labelled examples in any language.

    `model` is a directory that `finetune` or a study has saved, which says what the task is, and `test` a file in the
    task's format. The settings are those of `measurement` and, for tasks whose kind has some, of `kinds` in the config.

    Raises `InputError` for a directory without a fine-tuned model, and for wrong settings and examples.
    """
    folder = Path(model)
    made = read_manifest(folder)
    if made.task is None or made.labels is None:
        raise InputError(f"{folder}: not a fine-tuned model; `finetune` makes one")
    task, _ = task_of(made.task)
    experiment = _cell("score", task.name, None, settings)

    from realign.encoders.checks import check_length
    from realign.encoders.devices import pick_device
    from realign.tasks.kind import section_of
    from realign.tasks.metrics.counts import metric_value

    params = experiment.score_params(BASELINE, task.name)
    kind = params["kind"]
    of_kind = {"max_length": params["max_length"], **params.get("of_kind", {})}
    data, model_of = import_module(f"{kind}.data"), import_module(f"{kind}.model")
    with computing(threads), TemporaryDirectory(prefix="realign.") as home:
        examples = data.read_examples(_prepared(test, task.name, made.labels, Path(home)))
        loaded = model_of.load(folder, pick_device()).eval()
        check_length(loaded, of_kind["max_length"], section_of(kind) if params.get("of_kind") else "score")
        precision = experiment.config.precision
        predictions = model_of.predict(
            loaded, folder, examples, batch_size=params["batch_size"], precision=precision, **of_kind
        )
        values = {
            metric.NAME: metric_value(model_of.count_examples(predictions, examples, metric))
            for metric in map(import_module, task.metrics)
        }
    (name, value), *further = values.items()
    return Score(name, value, model_of.scored(examples), dict(further))


def _cell(
    function: Literal["finetune", "score"],
    task: str,
    labels: Sequence[str] | None,
    settings: dict[str, Any],
    realignment: JointRealignment | None = None,
) -> Experiment:
    """The experiment of a call, whose settings are those of its section, of the task's kind, and common ones."""
    _, kind = task_of(task)
    common = split_off(settings, *PRECISION, *DTYPE)
    kinds = {kind.name: own} if (own := split_off(settings, *kind_fields(kind))) else {}
    sections: dict[str, Any] = {"measurement" if function == "score" else "finetuning": settings, **common}
    if realignment is not None:
        sections |= {"aligner": realignment.translations.aligner, "realignment": realignment.settings, "when": "during"}
    return one_cell(function, task=task, labels=list(labels) if labels else None, kinds=kinds, **sections)


def _prepared(examples: Examples, task: str, labels: Sequence[str], home: Path) -> Path:
    """Labelled examples as the stages read them; raises `InputError` if there are none."""
    row, kind = task_of(task)
    data = import_module(f"{kind.package}.data")
    reader = import_module(row.module)
    is_file = isinstance(examples, str | Path)
    found = list(reader.read(Path(examples), tuple(labels)) if is_file else examples)  # type: ignore[arg-type]
    if not found:
        raise InputError(f"{examples if is_file else task}: no {data.EXAMPLES}")
    prepared = home / "examples.parquet"
    data.write_examples(prepared, found, labels)
    return prepared
