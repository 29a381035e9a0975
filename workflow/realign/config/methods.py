"""Methods: named sets of realignment settings."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, cast

from pydantic import Discriminator, Field, Tag, create_model, field_validator

from realign.aligners.registry import ALIGNERS
from realign.config.messages import prefixed
from realign.config.selecting import LanguageRule
from realign.realignment.registry import LOSSES
from realign.settings import Count, Language, Length, Positive, Section, each_once

BASELINE = "baseline"
ALL: Literal["all"] = "all"
EACH: Literal["each"] = "each"

SENTENCE = "sentence"
When = Literal["before", "during", "before+during"]
WHENS: tuple[When, ...] = ("before", "during", "before+during")
IDLE: dict[When, tuple[str, ...]] = {
    "before": ("coefficient", "gradient_cosine"),
    "during": ("steps", "learning_rate", "max_gradient_norm", "micro_batch_size"),
    "before+during": (),
}
"""Settings that have no effect at that time; during fine-tuning, those of fine-tuning apply."""
MicroBatch = Annotated[
    Count | None,
    Field(
        description="at most this many sentences on the device at a time, for batches that do not fit: the same "
        "gradient, in a third more time; null takes the whole batch, and halves it once if it does not fit"
    ),
]


def _kind_of_languages(value: object) -> str:
    """Which form of `languages` a value has."""
    return "rule" if isinstance(value, dict | Section) else "list" if isinstance(value, list) else "word"


class Realignment(Section):
    """Training an encoder on translations, before or during fine-tuning; the defaults for all methods."""

    steps: int | Literal["match"] = Field(
        60, description="optimiser steps before fine-tuning; `match`: as many as the task's fine-tuning takes"
    )
    coefficient: Positive = Field(1.0, description="weight of the realignment loss during fine-tuning")
    gradient_cosine: Count | None = Field(
        None,
        description="during fine-tuning, log the cosine between the gradients of the task's and the realignment's loss "
        "every so many steps, in `loss.csv` and a figure, which changes no result; null does not",
    )
    batch_size: Count = Field(16, description="sentence pairs per step, mixed across languages")
    micro_batch_size: MicroBatch = None
    learning_rate: Positive = Field(2e-5, description="constant learning rate of AdamW before fine-tuning")
    max_gradient_norm: Positive | None = Field(1.0, description="scale longer gradients to this length; null does not")
    max_length: Length = Field(96, description="longest sentence, in sub-words")
    unit: Literal["word", "sentence"] = Field(
        "word",
        description="what is realigned: linked words, or whole sentences as the mean of their words' sub-words, which "
        "needs no aligner",
    )
    head: Annotated[list[Count | Literal["hidden"]], Field(min_length=1)] | None = Field(
        None,
        description="widths of linear layers on top of the encoder, with ReLU between them, trained by realignment and "
        "then dropped; `hidden` is the encoder's own width; null uses the encoder's states themselves",
    )
    freeze: Literal["lower", "upper"] | list[Annotated[int, Field(ge=0, strict=True)]] | None = Field(
        None,
        description="layers that realignment leaves as they are: the `lower` or `upper` half of the transformer "
        "layers, or the numbers of the first and the last, 0 being the embeddings; fine-tuning trains all",
    )
    regularise_to_start: Annotated[float, Field(ge=0)] = Field(
        0.0, description="weight of the squared distance of source words from what they were before realignment"
    )
    languages: Annotated[
        Annotated[list[Language], Tag("list")]
        | Annotated[Literal["all", "each"], Tag("word")]
        | Annotated[LanguageRule, Tag("rule")],
        Discriminator(_kind_of_languages),
    ] = Field(
        ALL,
        description="languages to realign on: a list; `all` target languages together; `each`, which trains one "
        "encoder for each target language and scores the language with it; or a rule with any of `family`, `script`, "
        "`selection` and `not`, such as `{script: Latn, not: {family: Indo-European}}` "
        "([docs/languages.md](languages.md))",
    )
    layers: Annotated[list[Annotated[int, Field(strict=True)]], Field(min_length=1)] = Field(
        [-1], description="layers whose word representations are realigned, averaging their losses; -1 is the last"
    )
    loss: str = Field(LOSSES[0].name, description="loss to minimise: " + ", ".join(f"`{row.name}`" for row in LOSSES))

    @field_validator("steps", mode="before")
    @classmethod
    def _number_or_match(cls, value: object) -> object:
        if value != "match" and (not isinstance(value, int) or isinstance(value, bool) or value < 1):
            raise ValueError("expected a number of steps from 1, or 'match'")
        return value

    @field_validator("freeze")
    @classmethod
    def _first_and_last(cls, value: str | list[int] | None) -> str | list[int] | None:
        if isinstance(value, list) and (len(value) != 2 or value[0] > value[1]):
            raise ValueError("expected lower, upper, or the numbers of the first and the last layer")
        return value

    @field_validator("loss")
    @classmethod
    def _known(cls, value: str) -> str:
        if value not in REALIGNMENTS:
            raise ValueError(f"expected one of {', '.join(REALIGNMENTS)}")
        return value

    @field_validator("languages")
    @classmethod
    def _each_once(cls, value: Any) -> Any:
        if value == []:
            raise ValueError("expected at least one, or 'all'")
        return each_once(value) if isinstance(value, list) else value

    def loss_settings(self) -> dict[str, Any]:
        """The settings of the loss, without those of realignment in general."""
        return self.model_dump(exclude=set(Realignment.model_fields))


REALIGNMENTS: dict[str, type[Realignment]] = {
    row.name: cast(
        type[Realignment],
        create_model(f"Realignment, {row.name}", __base__=(Realignment, row.settings), __doc__=Realignment.__doc__),
    )
    for row in LOSSES
}
"""Realignment with the settings of each loss."""


def read_realignment(content: Mapping[str, Any]) -> Realignment:
    """Realignment settings with those of their loss; raises `ValidationError` for anything else."""
    loss = content.get("loss", LOSSES[0].name)
    return REALIGNMENTS.get(loss if isinstance(loss, str) else "", Realignment).model_validate(content)


@dataclass(frozen=True)
class Method:
    """A named set of realignment settings; the baseline has none."""

    name: str
    label: str
    when: When | None = None
    aligner: str | None = None
    realignment: Realignment = field(default_factory=Realignment)
    own: frozenset[str] = frozenset()
    """The keys that it sets itself; the others come from `realignment`."""

    @property
    def each(self) -> bool:
        """Whether every language has an encoder of its own."""
        return self.when is not None and self.realignment.languages == EACH

    @property
    def starts_realigned(self) -> bool:
        """Whether fine-tuning starts from a realigned encoder."""
        return self.when in ("before", "before+during")

    @property
    def joint(self) -> bool:
        """Whether it realigns during fine-tuning."""
        return self.when in ("during", "before+during")


def read_methods(entries: Mapping[str, Mapping[str, Any]], defaults: Realignment) -> dict[str, Method]:
    """The methods of an experiment; raises `ValueError` or `ValidationError` about the first invalid one."""
    return {name: _read_method(name, entry or {}, defaults) for name, entry in entries.items()}


def _read_method(name: str, entry: Mapping[str, Any], defaults: Realignment) -> Method:
    settings = dict(entry)
    label = settings.pop("label", name)
    if not isinstance(label, str) or not label.strip() or label.startswith("_"):
        raise ValueError(f"methods.{name}.label: found {label!r}; expected some text that does not begin with '_'")
    if name == BASELINE:
        if settings:
            raise ValueError(f"methods.{name}.{min(settings)}: the baseline has no settings")
        return Method(name, label)
    if "label" not in entry:
        label = _default_label(name)
    unit = settings.get("unit", defaults.unit)
    when, aligner = _when_and_aligner(name, settings, sentences=unit == SENTENCE)
    for key in settings:
        if key in IDLE[when]:
            raise ValueError(f"methods.{name}.{key}: has no effect {when} fine-tuning")
    loss = settings.get("loss", defaults.loss)
    inherited = defaults.model_dump(exclude_unset=True)
    if isinstance(loss, str) and loss in REALIGNMENTS:
        inherited = {key: value for key, value in inherited.items() if key in REALIGNMENTS[loss].model_fields}
    with prefixed("methods", name):
        realignment = read_realignment({**inherited, **settings})
    return Method(name, label, when, aligner, realignment, frozenset(settings))


def _when_and_aligner(name: str, settings: dict[str, Any], *, sentences: bool) -> tuple[When, str | None]:
    """When a method realigns and whose links it uses: from its settings, or from a name of the form `when-aligner`.

    The realignment of sentences uses no links.
    """
    aligners = [row.name for row in ALIGNERS]
    when, _, aligner = name.partition("-")
    said: dict[str, str] = {}
    if when in WHENS and aligner:
        said["when"] = when
        if aligner in aligners or "aligner" not in settings:
            said["aligner"] = aligner
    if sentences and settings.get("aligner") is not None:
        raise ValueError(f"methods.{name}.aligner: has no effect on the realignment of sentences")
    if sentences and said.get("aligner") in aligners:
        raise ValueError(f"methods: {name!r} names an aligner, which has no effect on the realignment of sentences")
    found = {}
    for key, expected in (("when", list(WHENS)), ("aligner", aligners)):
        value = settings.pop(key, said.get(key))
        if key == "aligner" and sentences:
            continue
        if value is None:
            raise ValueError(
                f"methods: {name!r} is neither {BASELINE!r} nor 'before-<aligner>' nor 'during-<aligner>', and has no "
                f"{key!r} among its settings"
            )
        if value not in expected:
            named = f"methods: {name!r} names an unknown {key}"
            where = named if said.get(key) == value else f"methods.{name}.{key}: found {value!r}"
            raise ValueError(f"{where}; expected one of {', '.join(expected)}")
        if said.get(key, value) != value:
            raise ValueError(f"methods.{name}.{key}: found {value!r}, but the method's name says {said[key]!r}")
        found[key] = value
    return cast(When, found["when"]), found.get("aligner")


def _default_label(name: str) -> str:
    """A readable label for a name such as `before-fastalign`; other names are their own labels."""
    when, _, aligner = name.partition("-")
    titles = {row.name: row.title or row.name for row in ALIGNERS}
    return f"{titles[aligner]}, {when}" if when in WHENS and aligner in titles else name


def labels_of(methods: Iterable[Method]) -> dict[str, str]:
    """The label of each method, in order."""
    return {method.name: method.label for method in methods}
