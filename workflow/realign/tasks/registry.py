"""The tasks and their kinds. A new task is a module in `tasks/` and a row here; a new kind is a folder and a row.

A task's module has `read(path, labels)`, which yields the labelled examples of a file, and `count(path)`.
A kind's folder has `data` (examples as Parquet, without torch) and `model` (load, objective, predict, counts); the
two kinds here show the signatures. This file is read by the config and by the rules, never by a stage.
"""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints

from realign.settings import ScoredLanguages, each_once, template
from realign.text.labels import ENTITIES, INFERENCE, UPOS

Label = Annotated[str, StringConstraints(min_length=1, pattern=r"^\S+$")]


class TaskFiles(ScoredLanguages):
    """Your own labelled data."""

    source: Literal["files"] = Field(description="`files`: your own, by path pattern")
    pattern: Annotated[str, template("source", "lang", "split", needs=["lang", "split"])] = Field(
        description="path of the data, with `{lang}` and `{split}` (train, test)"
    )


class LabelledFiles(TaskFiles):
    """Your own labelled data, with labels of your own."""

    labels: Annotated[list[Label], Field(min_length=1), AfterValidator(each_once)] | None = Field(
        None, description="all labels in the data; null is the task's standard set"
    )


@dataclass(frozen=True)
class Kind:
    """A kind of task: its folder, whose modules are `<package>.data` and `<package>.model`."""

    name: str
    package: str
    summary: str


@dataclass(frozen=True)
class Task:
    """A task: the module that reads its files, its kind, labels and metric, and the formats of its files."""

    name: str
    kind: str
    module: str
    labels: tuple[str, ...]
    metric: str
    """The metric's module, in `tasks/metrics/`."""
    summary: str
    formats: str
    files: type[TaskFiles] = TaskFiles
    lab: str | None = None
    """Path of the lab's data, inside the lab; None if it has none."""


KINDS = (
    Kind("tagging", "realign.tasks.tagging", "a label for each word"),
    Kind("sentence-pairs", "realign.tasks.sentence_pairs", "a label for two sentences"),
)

TASKS = (
    Task(
        "pos",
        "tagging",
        "realign.tasks.pos",
        UPOS,
        "realign.tasks.metrics.accuracy",
        "universal parts of speech",
        "CoNLL-U, with the tags in the column UPOS",
        lab="treebank/{lang}-{split}.conllu",
    ),
    Task(
        "ner",
        "tagging",
        "realign.tasks.ner",
        ENTITIES,
        "realign.tasks.metrics.entity_f1",
        "named entities",
        "two columns, a word and its BIO label; or CoNLL-U (`.conllu`) with `Entity=B-PER` in MISC",
        files=LabelledFiles,
        lab="treebank/{lang}-{split}.conllu",
    ),
    Task(
        "nli",
        "sentence-pairs",
        "realign.tasks.nli",
        INFERENCE,
        "realign.tasks.metrics.accuracy",
        "natural language inference",
        "JSON lines (`.jsonl`), or TSV with a header, with `premise`, `hypothesis` and `label`",
        files=LabelledFiles,
    ),
)
"""In the order of the config reference."""
