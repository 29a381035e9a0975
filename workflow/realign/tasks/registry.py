"""The tasks and their kinds. A new task is a module in `tasks/` and a row here; a new kind is a folder and a row.

A task's module has `read(path, labels)`, which yields the labelled examples of a file, and `count(path)`.
A kind's folder has `data` (examples as Parquet, without torch) and `model` (load, objective, predict, counts); the
kinds here show the signatures. This file is read by the config and by the rules, never by a stage.
"""

from dataclasses import dataclass
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from realign.settings import Count, Label, Length, Section, TaskSettings, each_once, template
from realign.text.labels import ENTITIES, INFERENCE, PARAPHRASE, TOPICS, UPOS


class TaskFiles(TaskSettings):
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


class QuestionSettings(Section):
    """Question answering: how a context is read in windows, and how an answer is chosen."""

    max_length: Length = Field(
        384, description="longest window, in sub-words: a question and a part of its context; instead of the other two"
    )
    overlap: Count = Field(128, description="sub-words that a window shares with the one before")
    longest_question: Count = Field(64, description="questions are cut to this many sub-words")
    longest_answer: Count = Field(30, description="longest predicted answer, in sub-words")
    candidates: Count = Field(20, description="an answer begins and ends at one of this many most likely sub-words")

    @model_validator(mode="after")
    def _windows_advance(self) -> Self:
        most = self.max_length - self.longest_question - SPECIAL
        if self.overlap > most:
            raise ValueError(
                f"overlap: found {self.overlap}; expected at most {most}, which is what max_length leaves after the "
                "longest question"
            )
        return self


SPECIAL = 8
"""More sub-words than a tokenizer puts around a question and its context."""


@dataclass(frozen=True)
class Kind:
    """A kind of task: its folder, whose modules are `<package>.data` and `<package>.model`, and its settings.

    The settings reach `objective` and `predict` of its model; those named in `for_scoring` only the latter.
    """

    name: str
    package: str
    summary: str
    settings: type[Section] | None = None
    for_scoring: tuple[str, ...] = ()


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
    further_metrics: tuple[str, ...] = ()
    """Modules of other metrics, which are reported beside it."""

    @property
    def metrics(self) -> tuple[str, ...]:
        """The modules of all metrics, the main one first."""
        return (self.metric, *self.further_metrics)


KINDS = (
    Kind("tagging", "realign.tasks.tagging", "a label for each word"),
    Kind("classification", "realign.tasks.classification", "a label for a sentence, or for two"),
    Kind(
        "question-answering",
        "realign.tasks.question_answering",
        "the span of a context that answers a question",
        QuestionSettings,
        ("longest_answer", "candidates"),
    ),
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
        "classification",
        "realign.tasks.nli",
        INFERENCE,
        "realign.tasks.metrics.accuracy",
        "natural language inference",
        "JSON lines (`.jsonl`), or TSV with a header, with `premise`, `hypothesis` and `label`",
        files=LabelledFiles,
    ),
    Task(
        "paws-x",
        "classification",
        "realign.tasks.paraphrases",
        PARAPHRASE,
        "realign.tasks.metrics.accuracy",
        "paraphrases and other pairs of sentences with the same words",
        "TSV with a header, or JSON lines (`.jsonl`), with `sentence1`, `sentence2` and `label` (1 for paraphrases)",
        files=LabelledFiles,
    ),
    Task(
        "topic",
        "classification",
        "realign.tasks.topic",
        TOPICS,
        "realign.tasks.metrics.accuracy",
        "topics of sentences",
        "TSV with a header, or JSON lines (`.jsonl`), with `text` and `category`",
        files=LabelledFiles,
    ),
    Task(
        "qa",
        "question-answering",
        "realign.tasks.qa",
        (),
        "realign.tasks.metrics.squad_f1",
        "question answering",
        "JSON of SQuAD 1.1",
        further_metrics=("realign.tasks.metrics.exact_match",),
    ),
)
"""In the order of the config reference."""
