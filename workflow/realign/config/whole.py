"""The config of an experiment: its sections, and the checks between them."""

import re
from collections.abc import Collection, Iterable
from functools import cached_property
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, create_model, field_validator, model_validator

from realign.aligners.registry import ALIGNERS, MEASURING, Aligner
from realign.alignment.registry import MEASURES, Measure
from realign.config.methods import (
    ALL,
    BASELINE,
    EACH,
    REALIGNMENTS,
    Method,
    MicroBatch,
    Realignment,
    read_methods,
    read_realignment,
)
from realign.config.models import LabModel, ModelEntry
from realign.config.selecting import LanguageRule, select
from realign.config.sources import (
    BitextEntry,
    DictionaryEntry,
    GoldEntry,
    HubBitextEntry,
    LabSource,
    TaskEntries,
    is_hub,
)
from realign.encoders.entries import EncoderEntry, LabEncoder
from realign.encoders.precision import Precision
from realign.settings import Count, Language, Length, Name, Positive, Section, Seed, Share, each_once
from realign.sources.registry import CORPORA
from realign.tasks.registry import KINDS, TASKS, Kind, Task

Palette = Literal[
    "okabe_ito", "Pastel1", "Pastel2", "Paired", "Accent", "Dark2", "Set1", "Set2", "Set3", "tab10", "tab20", "tab20b",
    "tab20c",
]  # fmt: skip
AlignerSettings: type[Section] = create_model(  # type: ignore[call-overload]
    "Aligners",
    __base__=Section,
    __doc__="The aligners, which link the words of bitext; each method names one of them.",
    **{row.name: (row.settings, Field(row.settings(), description=row.summary)) for row in ALIGNERS},
)
KindSettings: type[Section] = create_model(  # type: ignore[call-overload]
    "Kinds",
    __base__=Section,
    __doc__="The kinds of tasks that have settings of their own.",
    **{row.name: (row.settings, Field(row.settings(), description=row.summary)) for row in KINDS if row.settings},
)


class Finetuning(Section):
    """Training a realigned or pretrained encoder on the task in the source language."""

    epochs: Count | dict[str, Count] = Field(
        5, description="passes over the training examples: one number for all tasks, or one for each task"
    )
    batch_size: Count | dict[str, Count] = Field(
        32, description="examples per step: one number for all tasks, or one for each task"
    )
    micro_batch_size: MicroBatch = None
    learning_rate: Positive = Field(2e-5, description="peak learning rate of AdamW, which decays linearly to 0")
    warmup: Share = Field(0.1, description="share of the steps in which the learning rate rises")
    weight_decay: Annotated[float, Field(ge=0)] = Field(0.0, description="weight decay of AdamW")
    max_gradient_norm: Positive | None = Field(1.0, description="scale longer gradients to this length; null does not")
    max_length: Length | dict[str, Length] = Field(
        96, description="longest input, in sub-words: one number for all tasks, or one for each task"
    )


class Measurement(Section):
    """Measuring alignment on bitext, and scoring the task."""

    aligner: str = Field(MEASURING, description="aligner whose links are used to measure alignment")
    split: Literal["test", "train"] = Field(
        "test",
        description="bitext that is measured: `test` is held out; `train` is what realignment is trained on, as in the "
        "ACL study, which measured 1,000 pairs of it (`max_word_pairs: 1000`)",
    )
    measures: Annotated[list[str], Field(min_length=1), AfterValidator(each_once)] = Field(
        [row.name for row in MEASURES if row.default],
        description="measures of alignment; figures and titles show the first: "
        + "; ".join(f"`{row.name}`, {row.summary}" for row in MEASURES),
    )
    max_word_pairs: Count = Field(5000, description="use at most this many linked word pairs per language")
    max_sentence_pairs: Count = Field(
        1000, description="use at most this many sentence pairs per language, for measures of sentences"
    )
    max_length: Length = Field(256, description="longest sentence, in sub-words")
    batch_size: Count = Field(32, description="sentences per batch")


class Storage(Section):
    """What stays on disk; tables, figures and manifests always do."""

    keep: list[Literal["realigned", "finetuned"]] = Field(
        ["realigned", "finetuned"],
        description="whose weights are kept after their last use; dropped ones are trained again if needed later",
    )
    state_seconds: Count = Field(
        600,
        description="seconds between saves of a training's state, from which it continues after an interruption",
    )
    dtype: Literal["float32", "bfloat16", "float16"] = Field(
        "float32",
        description="type of the stored weights of trained models; 16-bit types halve the disk space but round them",
    )


class Analysis(Section):
    """Statistics."""

    bootstrap: Annotated[int, Field(ge=100, strict=True)] = Field(2000, description="resamples for each interval")
    confidence: Annotated[float, Field(gt=0, lt=1)] = Field(0.95, description="confidence level of the intervals")
    seed: Seed = Field(0, description="seed of the resampling")


class Published(Section):
    """A published study to put the results beside; `experiments/published/README.md` lists them."""

    study: Annotated[str, Field(min_length=1)] = Field(
        description="a name, such as `naacl2025`, or the path of a CSV file of yours"
    )
    models: dict[str, str] = Field(
        {}, description="what models are called there, if it is neither their name on the hub nor their name here"
    )
    methods: dict[str, str] = Field({}, description="what methods are called there, if it is not their name here")


class Figures(Section):
    """The look of the figures; changing it re-runs only the figures."""

    width: Positive | Literal["text", "column"] = Field(
        "text", description="width of a text block or column in the style of the ACL (16 and 7.7 cm), or in inches"
    )
    palette: Palette = Field(
        "okabe_ito",
        description="a qualitative colour map of matplotlib, for languages and methods; the colours of the "
        "default are told apart by people with any colour vision (Okabe and Ito 2008)",
    )
    font_size: Positive = Field(8.0, description="size of the text in points")


class Config(Section):
    """An experiment: its models, methods, tasks, seeds and languages."""

    source_language: Language = Field("en", description="the language with labelled training data")
    target_languages: Annotated[list[Language], Field(min_length=1), AfterValidator(each_once)] = Field(
        description="languages that fine-tuned models are scored on, zero-shot"
    )
    seeds: Annotated[list[Seed], Field(min_length=1), AfterValidator(each_once)] = Field(
        description="one training run each"
    )
    models: Annotated[dict[Name, ModelEntry], Field(min_length=1)] = Field(description="encoders by name")
    methods: Annotated[dict[Name, dict[str, Any] | None], Field(min_length=1)] = Field(
        description="what is compared: a list of names, or names with settings. `baseline` is required; "
        "`before-<aligner>` and `during-<aligner>` realign with that aligner's links, before or during fine-tuning; "
        "any other name needs `when` (before, during) and `aligner`. A method may have its own settings of "
        "`realignment`, and a `label`, its name in figures"
    )
    tasks: TaskEntries = Field(description="tasks to fine-tune on")
    bitext: BitextEntry = Field(description="parallel sentences: `train` for realignment, `test` to measure alignment")
    bitext_of: dict[Language, HubBitextEntry] = Field(
        {}, description="bitext of single target languages from another corpus, if `bitext` is from the hub too"
    )
    dictionaries: DictionaryEntry = Field(
        LabSource(source="lab"), description="bilingual dictionaries, for aligners that need them"
    )
    aligners: AlignerSettings = Field(AlignerSettings(), description="settings of the aligners")
    gold_links: GoldEntry | None = Field(
        None, description="hand-made word links against which all aligners are judged; null judges none"
    )
    realignment: Realignment = Field(REALIGNMENTS[Realignment().loss](), description="settings of realignment")
    finetuning: Finetuning = Field(Finetuning(), description="settings of fine-tuning")
    kinds: KindSettings = Field(KindSettings(), description="settings of kinds of tasks")
    measurement: Measurement = Field(Measurement(), description="settings of measuring and scoring")
    precision: Precision = Field(
        "auto", description="precision of matrix products; `auto` is bfloat16 on devices built for it, else float32"
    )
    storage: Storage = Field(Storage(), description="what stays on disk")
    analysis: Analysis = Field(Analysis(), description="settings of the statistics")
    figures: Figures = Field(Figures(), description="settings of the figures")
    published: Published | None = Field(
        None, description="a published study that the results are put beside; a text is its `study`; null is none"
    )

    @field_validator("published", mode="before")
    @classmethod
    def _study(cls, published: object) -> object:
        return {"study": published} if isinstance(published, str) else published

    @field_validator("methods", mode="before")
    @classmethod
    def _named(cls, methods: object) -> object:
        """A list of names is a mapping without settings."""
        if not isinstance(methods, list):
            return methods
        if not methods or not all(isinstance(name, str) for name in methods):
            raise ValueError("expected names of methods, or a mapping of names to settings")
        return dict.fromkeys(each_once(methods))

    @field_validator("realignment", mode="plain")
    @classmethod
    def _with_its_loss(cls, realignment: Any) -> Realignment:
        return (
            read_realignment(realignment) if isinstance(realignment, dict) else Realignment.model_validate(realignment)
        )

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.source_language in self.target_languages:
            raise ValueError(f"target_languages: {self.source_language!r} is the source language")
        if BASELINE not in self.methods:
            raise ValueError("methods: 'baseline' is missing; gains are measured against it")
        _check_case("models", self.models)
        _check_case("methods", self.methods)
        self._check_patterns()
        self._check_methods()
        self._check_models()
        self._check_measurement()
        self._check_bitext()
        self._check_tasks()
        self._check_aligners()
        self._check_published()
        return self

    def _check_published(self) -> None:
        if self.published is None:
            return
        for key, own in (("models", self.models), ("methods", self.methods)):
            unknown = sorted(set(getattr(self.published, key)) - set(own))
            if unknown:
                raise ValueError(f"published.{key}: {unknown} not among {key}")

    def _check_aligners(self) -> None:
        for row in self.used_aligners:
            settings = self.aligner_settings(row)
            if not row.encoder:
                continue
            name = self.encoder_of(row)
            model = self.encoders.get(name)
            if model is None:
                raise ValueError(
                    f"aligners.{row.name}.model: found {settings['model']!r}; expected one of models, or an encoder of "
                    "its own"
                )
            if isinstance(model, LabEncoder) and settings.get("layer", 0) > model.layers:
                raise ValueError(f"aligners.{row.name}.layer: found {settings['layer']}; {name!r} has {model.layers}")
            if name in self.models and not isinstance(settings["model"], str):
                raise ValueError(f"models: {name!r} is what the aligner's own encoder is called; choose another name")

    def _check_patterns(self) -> None:
        """Check that languages do not share files, except that a bitext's source side may be the same for all."""
        patterns = [
            (f"{key}.{name}", pattern)
            for key in ("bitext", "dictionaries", "gold_links")
            for name, pattern in (getattr(self, key).model_dump() if getattr(self, key) else {}).items()
            if name in ("pattern", "target_side", "target_url", "bitext", "links") and pattern is not None
        ]
        for key, pattern in patterns:
            if len(self.target_languages) > 1 and not {"{lang}", "{pair}"} & set(re.findall(r"{\w+}", pattern)):
                raise ValueError(f"{key}: found {pattern!r}; expected {{lang}}, because languages cannot share a file")

    def _check_methods(self) -> None:
        """Check the methods' languages, and their layers for the lab's encoders; others are checked when loaded."""
        if ALL in self.methods:
            raise ValueError(f"methods: the tables use the name {ALL!r} for all methods together; choose another")
        labels = [method.label for method in self.all_methods.values()]
        twice = sorted({label for label in labels if labels.count(label) > 1})
        if twice:
            raise ValueError(f"methods: two have the label {twice[0]!r}")
        for method in self.all_methods.values():
            if method.when is None:
                continue
            unknown = sorted(set(self.languages_of(method)) - set(self.target_languages))
            if unknown:
                raise ValueError(f"{_key(method, 'languages')}: {unknown} not among target_languages")
            for name, model in self.models.items():
                if isinstance(model, LabModel) and method.name in self.methods_of(name):
                    last = model.layers
                    outside = [layer for layer in method.realignment.layers if not -last - 1 <= layer <= last]
                    if outside:
                        raise ValueError(
                            f"{_key(method, 'layers')}: {outside} are not among the {last} layers of {name!r}"
                        )

    def _check_models(self) -> None:
        if ALL in self.models:
            raise ValueError(f"models: the tables use the name {ALL!r} for all models together; choose another")
        for name, model in self.models.items():
            _check_chosen(f"models.{name}", model.methods, self.methods)

    def _check_measurement(self) -> None:
        aligners, measures = [row.name for row in ALIGNERS], [row.name for row in MEASURES]
        if self.measurement.aligner not in aligners:
            raise ValueError(
                f"measurement.aligner: unknown aligner {self.measurement.aligner!r}; the aligners are "
                + ", ".join(aligners)
            )
        for name in self.measurement.measures:
            if name not in measures:
                raise ValueError(
                    f"measurement.measures: unknown measure {name!r}; the measures are {', '.join(measures)}"
                )

    def _check_bitext(self) -> None:
        others = sorted(set(self.bitext_of) - set(self.target_languages))
        if others:
            raise ValueError(f"bitext_of: {others} not among target_languages")
        if self.bitext_of and not is_hub(self.bitext):
            raise ValueError(f"bitext_of: has no effect on a bitext with source {self.bitext.source!r}")
        for language in sorted(self.target_languages):
            where, entry = self.bitext_entry(language)
            for key in _by_language(entry):
                without = sorted({self.source_language, language} - set(getattr(entry, key)))
                if without:
                    raise ValueError(f"{where}.{key}: no {key.removesuffix('s')} for {', '.join(without)}")

    def _check_tasks(self) -> None:
        if not self.task_entries:
            raise ValueError("tasks: found none; expected at least one of " + ", ".join(row.name for row in TASKS))
        for key in ("epochs", "batch_size", "max_length"):
            numbers = getattr(self.finetuning, key)
            if isinstance(numbers, dict):
                missing = sorted(set(self.task_entries) - set(numbers))
                unknown = sorted(set(numbers) - {row.name for row in TASKS})
                if missing:
                    raise ValueError(f"finetuning.{key}: no number for {missing}")
                if unknown:
                    raise ValueError(f"finetuning.{key}: unknown tasks {unknown}")
        for name, entry in self.task_entries.items():
            _check_chosen(f"tasks.{name}", entry.methods, self.methods)
            others = sorted(set(entry.languages or ()) - set(self.target_languages))
            if others:
                raise ValueError(f"tasks.{name}.languages: {others} not among target_languages")
            for key in _by_language(entry):
                without = sorted({self.source_language, *self.targets_of(name)} - set(getattr(entry, key)))
                if without:
                    raise ValueError(f"tasks.{name}.{key}: no {key.removesuffix('s')} for {', '.join(without)}")
            matched = any(
                method.starts_realigned and method.realignment.steps == "match" and self.uses(name, method)
                for method in self.realigning
            )
            if is_hub(entry) and matched and self.training_size(name) is None:
                raise ValueError(
                    f"tasks.{name}.training_sentences: missing; 'realignment.steps: match' needs it before fetching"
                )

    @cached_property
    def all_methods(self) -> dict[str, Method]:
        """The methods by name, in the config's order."""
        return read_methods({name: entry or {} for name, entry in self.methods.items()}, self.realignment)

    @property
    def realigning(self) -> list[Method]:
        """The methods that realign, in the config's order."""
        return [method for method in self.all_methods.values() if method.when is not None]

    @cached_property
    def task_entries(self) -> dict[str, Any]:
        """The source of each of the experiment's tasks, sorted by name."""
        entries = {row.name: getattr(self.tasks, row.name) for row in TASKS}
        return {name: entry for name, entry in sorted(entries.items()) if entry is not None}

    @property
    def used_aligners(self) -> list[Aligner]:
        """Aligners of the methods and of the measurement, sorted by name."""
        names = {method.aligner for method in self.realigning}
        if self.measures_words:
            names.add(self.measurement.aligner)
        return sorted((row for row in ALIGNERS if row.name in names), key=lambda row: row.name)

    @property
    def used_measures(self) -> list[Measure]:
        """The measures, in the config's order."""
        by_name = {row.name: row for row in MEASURES}
        return [by_name[name] for name in self.measurement.measures]

    def bitext_entry(self, language: str) -> tuple[str, Any]:
        """The source of a language's bitext, after its config key."""
        own = self.bitext_of.get(language)
        return ("bitext", self.bitext) if own is None else (f"bitext_of.{language}", own)

    @property
    def measures_words(self) -> bool:
        """Whether a measure compares linked words, which takes an aligner."""
        return any(row.unit == "word" for row in self.used_measures)

    def aligner_settings(self, row: Aligner) -> dict[str, Any]:
        """The settings of an aligner."""
        settings: Section = getattr(self.aligners, row.name)
        return settings.model_dump()

    def encoder_of(self, row: Aligner) -> str:
        """The name of the encoder that an aligner computes with: one of the models, or its own."""
        model = self.aligner_settings(row)["model"]
        return model if isinstance(model, str) else f"{row.name}-encoder"

    @cached_property
    def encoders(self) -> dict[str, EncoderEntry]:
        """Every encoder by name: the models, and those that used aligners have for themselves."""
        own: dict[str, EncoderEntry] = {}
        for row in self.used_aligners:
            entry = getattr(self.aligners, row.name).model if row.encoder else None
            if entry is not None and not isinstance(entry, str):
                own[self.encoder_of(row)] = entry
        return {**own, **self.models}

    def encoder_key(self, name: str) -> str:
        """The config key of an encoder."""
        return f"models.{name}" if name in self.models else f"aligners.{name.removesuffix('-encoder')}.model"

    def kind_settings(self, row: Kind) -> dict[str, Any]:
        """The settings of a kind of task; empty if it has none."""
        return getattr(self.kinds, row.name).model_dump() if row.settings else {}

    def published_models(self) -> dict[str, str]:
        """What each model is called in the published study: as the config says, as on the hub, or as here."""
        own = self.published.models if self.published else {}
        return {name: own.get(name, getattr(model, "name", name)) for name, model in self.models.items()}

    def published_methods(self) -> dict[str, str]:
        """What each method is called in the published study: as the config says, or as here."""
        own = self.published.methods if self.published else {}
        return {name: own.get(name, name) for name in self.methods}

    def methods_of(self, model: str) -> list[str]:
        """The methods that a model takes part in, in the config's order."""
        chosen = self.models[model].methods
        return [method for method in self.methods if chosen is None or method in chosen]

    def uses(self, task: str, method: Method) -> bool:
        """Whether a task compares this method."""
        chosen = self.task_entries[task].methods
        return chosen is None or method.name in chosen

    def batch_size_of(self, task: str) -> int:
        """Training examples per step of a task."""
        return _of_task(self.finetuning.batch_size, task)

    def epochs_of(self, task: str) -> int:
        """Passes over the training examples of a task."""
        return _of_task(self.finetuning.epochs, task)

    def max_length_of(self, task: str) -> int:
        """The longest input of a task, in sub-words."""
        return _of_task(self.finetuning.max_length, task)

    def training_size(self, task: str) -> int | None:
        """The number of training examples of a task from the hub: given here, or known of the corpus."""
        entry = self.task_entries[task]
        corpus = next(row for row in CORPORA if row.name == entry.dataset)
        given: int | None = entry.training_sentences
        return given or corpus.sizes.get(entry.part_of(self.source_language))

    def targets_of(self, task: str) -> list[str]:
        """The target languages that a task is scored on, sorted."""
        return sorted(self.task_entries[task].languages or self.target_languages)

    def languages_of(self, method: Method) -> list[str]:
        """Languages that a method realigns on, sorted so that their order in the config changes nothing."""
        chosen = method.realignment.languages
        if isinstance(chosen, LanguageRule):
            try:
                return select(chosen, self.target_languages)
            except ValueError as error:
                raise ValueError(f"{_key(method, 'languages')}: {error}") from None
        return sorted(self.target_languages if chosen in (ALL, EACH) else chosen)


def _check_case(key: str, names: Iterable[str]) -> None:
    """Raise `ValueError` for two names that are the same folder on macOS, where file names have no case."""
    seen: dict[str, str] = {}
    for name in names:
        other = seen.setdefault(name.lower(), name)
        if other != name:
            raise ValueError(f"{key}: {other!r} and {name!r} differ only in case, which some file systems do not see")


def _check_chosen(where: str, chosen: list[str] | None, methods: Collection[str]) -> None:
    """Raise `ValueError` if a model or a task uses methods that do not exist, or no baseline."""
    others = sorted(set(chosen or ()) - set(methods))
    if others:
        raise ValueError(f"{where}.methods: {others} not among methods")
    if chosen is not None and BASELINE not in chosen:
        raise ValueError(f"{where}.methods: 'baseline' is missing; gains are measured against it")


def _key(method: Method, key: str) -> str:
    """The config key that gives a method's setting."""
    return f"methods.{method.name}.{key}" if key in method.own else f"realignment.{key}"


def _of_task(number: int | dict[str, int], task: str) -> int:
    """A number for all tasks, or one of those for each."""
    return number[task] if isinstance(number, dict) else number


def _by_language(entry: Any) -> tuple[str, ...]:
    """The settings of a hub entry that must name every language."""
    if not is_hub(entry):
        return ()
    return next(corpus.by_language for corpus in CORPORA if corpus.name == entry.dataset)


def task_row(name: str) -> Task:
    """A task's row in the registry."""
    return next(row for row in TASKS if row.name == name)


def kind_row(task: str) -> Kind:
    """The row of a task's kind in the registry."""
    return next(row for row in KINDS if row.name == task_row(task).kind)
