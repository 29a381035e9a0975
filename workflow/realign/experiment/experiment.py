"""What the rules need to know about an experiment: its jobs, their inputs and their settings."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from functools import cache, cached_property
from importlib import import_module
from pathlib import Path
from typing import Any

from realign.aligners.registry import ALIGNERS, Aligner
from realign.alignment.registry import Measure
from realign.config.methods import Method, labels_of
from realign.config.models import drawn
from realign.config.sources import DictionaryHub, is_hub
from realign.config.whole import Config, kind_row, task_row
from realign.encoders.entries import LabEncoder
from realign.errors import InputError
from realign.experiment.curves import Curve, curves_of
from realign.experiment.exhibits import EXHIBITS, Exhibit
from realign.experiment.locate import GOLD, SPLITS, Locator
from realign.experiment.paths import Paths, manifest
from realign.experiment.recipes import Recipe, loss_module, objective_params
from realign.sources.registry import CORPORA, Corpus
from realign.training.steps import finetuning_steps

Params = dict[str, Any]
"""Settings of a stage, as they appear in a rule's params."""


@dataclass(frozen=True)
class Variant:
    """A method, or the part of it that is realigned for one language."""

    method: Method
    language: str | None = None

    @property
    def name(self) -> str:
        """The name in paths."""
        return self.method.name if self.language is None else f"{self.method.name}@{self.language}"


class Experiment:
    """An experiment, from its config and the folder of the lab."""

    def __init__(self, config: Config, lab: Path) -> None:
        self.config, self.lab = config, lab
        self.locate = Locator(config, lab)
        self.source = config.source_language
        self.targets = sorted(config.target_languages)
        self.languages = [self.source, *self.targets]
        self.paths = Paths(self.source)
        self.tasks = list(config.task_entries)
        self.seeds = config.seeds

    # methods, variants and recipes

    @cached_property
    def variants(self) -> dict[str, Variant]:
        """Every variant by name, in the order of the methods."""
        found = [variant for method in self.config.all_methods.values() for variant in self.variants_of(method)]
        return {variant.name: variant for variant in found}

    def variants_of(self, method: Method) -> list[Variant]:
        """The method itself, or one variant for each target language."""
        return [Variant(method, language) for language in self.targets] if method.each else [Variant(method)]

    def realignment_languages(self, variant: Variant) -> tuple[str, ...]:
        """The languages that a variant realigns on, sorted."""
        return tuple([variant.language] if variant.language else self.config.languages_of(variant.method))

    def scored_languages(self, variant: Variant, task: str) -> list[str]:
        """The languages that a variant is scored on, the source language first.

        There are none if the task leaves out its method or its language.
        """
        if not self.config.uses(task, variant.method):
            return []
        if variant.language is None:
            return self._all_scored(task)
        targets = self.config.targets_of(task)
        return [self.source, variant.language] if variant.language in targets else []

    def steps_of(self, method: Method, task: str) -> int:
        """Optimiser steps of realignment before fine-tuning on a task; `match` means as many as fine-tuning takes."""
        steps = method.realignment.steps
        return self.finetuning_steps[task] if steps == "match" else steps

    @cached_property
    def finetuning_steps(self) -> dict[str, int]:
        """Optimiser steps of fine-tuning on each task."""
        batch_size_of, epochs_of = self.config.batch_size_of, self.config.epochs_of
        return {
            task: finetuning_steps(self.training_examples(task), batch_size_of(task), epochs_of(task))
            for task in self.tasks
        }

    def training_examples(self, task: str) -> int:
        """Number of training examples of a task: counted in its file, or known before it is fetched from the hub."""
        entry = self.config.task_entries[task]
        if is_hub(entry):
            return self.config.training_size(task) or 0  # the config's validation requires it where it is needed
        path = Path(self.locate.examples(task, self.source, "train"))
        count: int = import_module(task_row(task).module).count(path)
        if count == 0:
            raise InputError(f"{path}: nothing to train on")
        if entry.training_sentences is not None and entry.training_sentences > count:
            found = f"found {entry.training_sentences}; {path} has {count} examples"
            raise InputError(f"config: tasks.{task}.training_sentences: {found}")
        return entry.training_sentences or count

    def recipe_of(self, model: str, variant: Variant, task: str) -> Recipe:
        """The recipe of the realigned encoder that a variant starts from."""
        method = variant.method
        rate = self.config.models[model].learning_rate
        settings = method.realignment
        if rate is not None and "learning_rate" not in method.own:
            settings = settings.model_copy(update={"learning_rate": rate})
        languages = self.realignment_languages(variant)
        return Recipe(method.aligner, self.steps_of(method, task), settings, languages)

    @cached_property
    def _recipes(self) -> dict[tuple[str, str, str], Recipe]:
        """The recipe of each model, variant that realigns before fine-tuning, and task."""
        return {
            (model, variant.name, task): self.recipe_of(model, variant, task)
            for model in self.config.models
            for variant in self._variants_with(model)
            if variant.method.starts_realigned
            for task in self.tasks
            if self.scored_languages(variant, task)
        }

    @cached_property
    def recipe_names(self) -> dict[tuple[str, str, str], str]:
        """The name of the recipe of each model, variant and task."""
        return {key: recipe.name for key, recipe in self._recipes.items()}

    @cached_property
    def recipes(self) -> dict[tuple[str, str], Recipe]:
        """Every recipe by model and name."""
        return {(key[0], self.recipe_names[key]): recipe for key, recipe in self._recipes.items()}

    def _variants_with(self, model: str) -> Iterator[Variant]:
        for method in self.config.methods_of(model):
            yield from self.variants_of(self.config.all_methods[method])

    # wildcards

    def constraints(self) -> dict[str, str]:
        """Wildcard constraints: the experiment's names, escaped."""
        return {
            "model": alternatives(self.config.encoders),
            "variant": alternatives(self.variants),
            "recipe": alternatives({recipe for _, recipe in self.recipes}),
            "aligner": alternatives(row.name for row in ALIGNERS),
            "task": alternatives(self.tasks),
            "lang": alternatives(self.languages),
            "split": alternatives([*SPLITS, GOLD]),
            "seed": r"\d+",
        }

    def models_from(self, kind: type) -> str:
        """Wildcard constraint: the encoders with this kind of entry."""
        return alternatives(name for name, entry in self.config.encoders.items() if isinstance(entry, kind))

    def tasks_from(self, *, hub: bool) -> str:
        """Wildcard constraint: the tasks whose data come from the hub, or from elsewhere."""
        return alternatives(name for name, entry in self.config.task_entries.items() if is_hub(entry) == hub)

    def variants_that(self, *, join: bool) -> str:
        """Wildcard constraint: the variants that realign during fine-tuning, or all others."""
        return alternatives(name for name, variant in self.variants.items() if variant.method.joint == join)

    def bitext_splits(self, *, hub: bool) -> str:
        """Wildcard constraint: the splits of bitext that come from the hub, or from elsewhere; `gold` never does."""
        fetched = is_hub(self.config.bitext)
        return alternatives([split for split in SPLITS if fetched == hub] + [GOLD] * (not hub))

    # models

    def model_params(self, model: str) -> Params:
        """What an encoder depends on besides its files: which one it is, and the seed of random weights."""
        entry = self.config.encoders[model]
        return {**entry.model_dump(include={"layers", "name", "revision"}), **drawn(entry)}

    def lab_model_inputs(self, model: str) -> dict[str, Any]:
        """What the vocabulary of the lab's encoder is trimmed to: a list of sub-words, or the texts of the study."""
        entry = self.config.encoders[model]
        assert isinstance(entry, LabEncoder)
        if entry.trim_to == "lab":
            return {"vocabulary": str(self.lab / "vocabulary.txt")}
        if entry.trim_to is None:
            return {}
        bitext = [self.paths.bitext.format(split=split, lang=lang) for lang in self.targets for split in SPLITS]
        examples = [
            self.paths.examples.format(task=task, lang=lang, split=split)
            for task in self.tasks
            for lang, split in [(self.source, "train"), *((lang, "test") for lang in self._all_scored(task))]
        ]
        return {"bitext": bitext, "examples": examples}

    def _all_scored(self, task: str) -> list[str]:
        return [self.source, *self.config.targets_of(task)]

    # bitext, dictionaries, links

    def bitext_modules(self, language: str) -> tuple[str, ...]:
        """The module of the corpus that a language's bitext comes from, if it is on the hub."""
        corpus = _corpus(self.config.bitext_entry(language)[1])
        return (corpus.module,) if corpus else ()

    def bitext_params(self, split: str, language: str) -> Params:
        """What bitext depends on besides its files: its source."""
        _, entry = self.config.bitext_entry(language)
        if split == GOLD or not is_hub(entry):
            source = self.config.gold_links.source if split == GOLD and self.config.gold_links else entry.source
            return {"source": source}
        limit = entry.max_sentences if split == "train" else None
        settings = entry.model_dump(exclude={"max_sentences", "sha256"})
        corpus = _corpus(entry)
        assert corpus is not None
        for key in corpus.by_language:
            settings[key] = {name: settings[key][name] for name in (self.source, language)}
        params = {"source_language": self.source, "module": corpus.module, "limit": limit, "corpus": settings}
        pinned = getattr(entry, "sha256", {}).get(language, {}).get(split)
        return {**params, "sha256": pinned} if pinned else params

    def dictionary(self, language: str) -> str:
        """The dictionary of a language: the user's file, the lab's, or a fetched one."""
        if is_hub(self.config.dictionaries):
            return self.paths.dictionary.format(lang=language)
        return self.locate.dictionary(language)

    def dictionary_params(self, language: str) -> Params:
        """Where a dictionary is fetched from, and its expected sha256."""
        entry = self.config.dictionaries
        assert isinstance(entry, DictionaryHub)
        url = entry.url.format(source=self.source, lang=language)
        return {"url": url, "sha256": entry.sha256.get(language)}

    def aligner_inputs(self, row: Aligner, split: str, language: str) -> dict[str, str]:
        """What an aligner reads besides the bitext, according to its row."""
        inputs = {}
        if row.context and split != "train":
            inputs["context"] = self.paths.bitext.format(split="train", lang=language)
        if row.dictionary:
            inputs["dictionary"] = self.dictionary(language)
        if row.encoder:
            inputs["encoder"] = manifest(self.paths.model.format(model=self.aligner_model(row)))
        return inputs

    def aligner_model(self, row: Aligner) -> str:
        """The encoder that an aligner computes with."""
        return self.config.encoder_of(row)

    def aligner_params(self, row: Aligner) -> Params:
        """An aligner's module and settings."""
        settings = {
            key: value
            for key, value in self.config.aligner_settings(row).items()
            if not (row.encoder and key == "model")
        }
        return {"module": row.module, "settings": settings}

    @cached_property
    def judged(self) -> list[tuple[str, str]]:
        """Every aligner with every language that has hand-made links."""
        return [(row.name, lang) for row in self.config.used_aligners for lang in self.locate.gold_languages()]

    # tasks

    @cache  # noqa: B019 (there is one experiment)
    def kind(self, task: str) -> str:
        """The package of a task's kind."""
        return kind_row(task).package

    def task_labels(self, task: str) -> list[str]:
        """The labels of a task: the user's own, or the standard set."""
        return list(getattr(self.config.task_entries[task], "labels", None) or task_row(task).labels)

    def examples_modules(self, task: str) -> tuple[str, str]:
        """The modules that read a task's examples and that write them as Parquet: the reader, and the kind's `data`."""
        corpus = _corpus(self.config.task_entries[task])
        return corpus.module if corpus else task_row(task).module, f"{self.kind(task)}.data"

    def examples_params(self, task: str, language: str, split: str) -> Params:
        """What a task's examples depend on besides their file."""
        entry = self.config.task_entries[task]
        reader, data = self.examples_modules(task)
        params: Params = {"reader": reader, "data": data, "labels": self.task_labels(task)}
        corpus = _corpus(entry)
        limit = entry.training_sentences if split == "train" else None
        if corpus is None:
            return {**params, "source": entry.source, **({"limit": limit} if limit else {})}
        settings = entry.model_dump(exclude={"training_sentences", "languages", "methods"})
        for key, value in settings.items():
            if isinstance(value, dict):  # values by language
                settings[key] = {name: one for name, one in value.items() if name == language}
        return {**params, "corpus": settings, "limit": limit}

    # trainings

    def linked_bitext(self, aligner: str | None, languages: Iterable[str]) -> dict[str, list[str]]:
        """Training bitext of several languages and, unless sentences are realigned, its links."""
        names = list(languages)
        files = {"bitext": [self.paths.bitext.format(split="train", lang=lang) for lang in names]}
        if aligner is not None:
            files["links"] = [self.paths.links.format(aligner=aligner, split="train", lang=lang) for lang in names]
        return files

    @cache  # noqa: B019 (there is one experiment)
    def realign_inputs(self, model: str, recipe: str) -> dict[str, list[str]]:
        """What a recipe is trained on."""
        made_by = self.recipes[model, recipe]
        return self.linked_bitext(made_by.aligner, made_by.languages)

    @cache  # noqa: B019 (there is one experiment)
    def realign_params(self, model: str, recipe: str) -> Params:
        """What the realigning stage is told."""
        return self.recipes[model, recipe].params()

    @cache  # noqa: B019 (there is one experiment)
    def joint_inputs(self, variant: str) -> dict[str, list[str]]:
        """What realignment during fine-tuning is trained on."""
        chosen = self.variants[variant]
        return self.linked_bitext(chosen.method.aligner, self.realignment_languages(chosen))

    @cache  # noqa: B019 (there is one experiment)
    def joint_params(self, variant: str) -> Params:
        """Settings of realignment during fine-tuning, except the micro-batch size, which is that of fine-tuning."""
        settings = self.variants[variant].method.realignment
        params = objective_params(settings)
        del params["micro_batch_size"]
        return {**params, "coefficient": settings.coefficient}

    def gradient_cosine(self, variant: str) -> int | None:
        """Every how many steps the cosine between the gradients of both losses is logged, if at all."""
        return self.variants[variant].method.realignment.gradient_cosine

    @cached_property
    def gradient_logs(self) -> list[tuple[str, str, str | None, str, int, str]]:
        """Model, method, language or None, task, seed and file of every training that logs the cosine of gradients."""
        return [
            (model, chosen.method.name, chosen.language, task, seed, path)
            for model, variant, task in self.finetunings()
            if (chosen := self.variants[variant]).method.joint and self.gradient_cosine(variant)
            for seed in self.seeds
            for path in [f"{self.paths.finetuned}/loss.csv".format(model=model, variant=variant, task=task, seed=seed)]
        ]

    @cached_property
    def curves(self) -> list[Curve]:
        """The methods that differ by one number."""
        return curves_of(self.config.all_methods.values())

    @cache  # noqa: B019 (there is one experiment)
    def realign_modules(self, model: str, recipe: str) -> tuple[str]:
        """The module of a recipe's loss."""
        return (loss_module(self.recipes[model, recipe].settings),)

    @cache  # noqa: B019 (there is one experiment)
    def joint_modules(self, variant: str, task: str) -> tuple[str, ...]:
        """The modules of a task's model and of the loss of realignment during fine-tuning."""
        return (*self.finetune_modules(task), loss_module(self.variants[variant].method.realignment))

    def encoder(self, model: str, variant: str, task: str, seed: str) -> str:
        """The manifest of the encoder that fine-tuning starts from, realigned or pretrained."""
        if not self.variants[variant].method.starts_realigned:
            return manifest(self.paths.model.format(model=model))
        recipe = self.recipe_names.get((model, variant, task))
        if recipe is None:
            raise InputError(f"the config does not combine model {model!r} with method {variant!r}")
        return manifest(self.paths.realigned.format(model=model, recipe=recipe, seed=seed))

    def starting_kind(self, variant: str) -> str:
        """Whether fine-tuning of a variant starts from a `realigned` or a `pretrained` encoder."""
        return "realigned" if self.variants[variant].method.starts_realigned else "pretrained"

    @cache  # noqa: B019 (there is one experiment)
    def finetune_modules(self, task: str) -> tuple[str, ...]:
        """The modules of a task's kind."""
        return f"{self.kind(task)}.model", f"{self.kind(task)}.data"

    @cache  # noqa: B019 (there is one experiment)
    def finetune_params(self, model: str, task: str) -> Params:
        """The settings of fine-tuning, with the model's own learning rate and the task's epochs."""
        settings = self.config.finetuning.model_dump()
        settings["learning_rate"] = self.config.models[model].learning_rate or settings["learning_rate"]
        settings["epochs"] = self.config.epochs_of(task)
        settings["batch_size"] = self.config.batch_size_of(task)
        settings["max_length"] = self.config.max_length_of(task)
        return {"kind": self.kind(task), **settings, **self._of_kind(task, scoring=False)}

    def _of_kind(self, task: str, *, scoring: bool) -> Params:
        """The settings of a task's kind, if it has any; some are for scoring only."""
        row = kind_row(task)
        settings = self.config.kind_settings(row)
        if not scoring:
            settings = {key: value for key, value in settings.items() if key not in row.for_scoring}
        return {"of_kind": settings} if settings else {}

    # measuring and scoring

    @cache  # noqa: B019 (there is one experiment)
    def measured_bitext(self, language: str) -> dict[str, str]:
        """The bitext by which alignment is measured, and its links if words are; the source language has none."""
        if language == self.source:
            return {}
        split = self.config.measurement.split
        files = {"bitext": self.paths.bitext.format(split=split, lang=language)}
        if self.config.measures_words:
            aligner = self.config.measurement.aligner
            files["links"] = self.paths.links.format(aligner=aligner, split=split, lang=language)
        return files

    @cache  # noqa: B019 (there is one experiment)
    def measure_modules(self) -> tuple[str, ...]:
        """The modules of all measures, each once."""
        return tuple(dict.fromkeys(row.module for row in self.config.used_measures))

    @cache  # noqa: B019 (there is one experiment)
    def measure_params(self) -> Params:
        """How alignment is measured."""
        settings = self.config.measurement.model_dump(exclude={"aligner", "split", "measures"})
        # sorted, because their order matters only to figures
        rows = sorted(self.config.used_measures, key=name_of)
        settings["measures"] = {row.name: row.module for row in rows if row.unit == "word"}
        if of_sentences := {row.name: row.module for row in rows if row.unit == "sentence"}:
            return {**settings, "sentence_measures": of_sentences}
        del settings["max_sentence_pairs"]
        return settings

    @cache  # noqa: B019 (there is one experiment)
    def score_modules(self, task: str) -> tuple[str, ...]:
        """The modules of a task's model, its metric and all measures."""
        return (*self.finetune_modules(task), *task_row(task).metrics, *self.measure_modules())

    @cache  # noqa: B019 (there is one experiment)
    def score_params(self, variant: str, task: str) -> Params:
        """How a fine-tuned model is scored and measured, and which method it belongs to."""
        chosen = self.variants[variant]
        about = {"method": chosen.method.name, "realigned_for": chosen.language}
        kind = {"kind": self.kind(task), **self._of_kind(task, scoring=True)}
        return {**about, **kind, "metrics": task_row(task).metrics, **self.measure_params()}

    def finetunings(self) -> list[tuple[str, str, str]]:
        """Model, variant and task of every fine-tuned model; each is trained with every seed."""
        return [
            (model, variant.name, task)
            for model in self.config.models
            for variant in self._variants_with(model)
            for task in self.tasks
            if self.scored_languages(variant, task)
        ]

    def all_scores(self) -> list[str]:
        """Every score of the experiment."""
        return [
            self.paths.score.format(model=model, variant=variant, task=task, seed=seed, lang=lang)
            for model, variant, task in self.finetunings()
            for seed in self.seeds
            for lang in self.scored_languages(self.variants[variant], task)
        ]

    def all_alignments(self) -> list[str]:
        """The alignment of every encoder before fine-tuning, pretrained and realigned."""
        pretrained = [
            self.paths.pretrained_alignment.format(model=model, lang=lang)
            for model in self.config.models
            for lang in self.targets
        ]
        realigned = [
            self.paths.realigned_alignment.format(model=model, recipe=recipe, seed=seed, lang=lang)
            for (model, variant, task), recipe in self.recipe_names.items()
            for seed in self.seeds
            for lang in self.scored_languages(self.variants[variant], task)
            if lang != self.source
        ]
        return pretrained + list(dict.fromkeys(realigned))

    # analysis

    @cached_property
    def labels(self) -> dict[str, str]:
        """The label of each method, in the config's order."""
        return labels_of(self.config.all_methods.values())

    @cached_property
    def exhibits(self) -> list[Exhibit]:
        """Its tables and figures, in the order of the report."""
        has = {
            None: True,
            "judged": bool(self.judged),
            "published": bool(self.locate.published()),
            "curves": bool(self.curves),
            "gradients": bool(self.gradient_logs),
        }
        return [exhibit for exhibit in EXHIBITS if has[exhibit.needs]]

    def exhibit_files(self, kind: str) -> dict[str, list[str]]:
        """The files of its exhibits of a kind, by name."""
        return {exhibit.name: exhibit.files for exhibit in self.exhibits if exhibit.kind == kind}

    def page_params(self) -> Params:
        """What the names and numbers of the pages depend on, besides the tables."""
        return {**self.analysis_params(), "labels": self.labels, "confidence": self.config.analysis.confidence}

    def report_params(self) -> Params:
        """What the report shows, besides the tables and figures themselves."""
        shown = [{**asdict(exhibit), "caption": exhibit.caption()} for exhibit in self.exhibits]
        study = self.config.published.study if self.config.published else ""
        return {**self.page_params(), "exhibits": shown, "seeds": list(self.seeds), "study": study}

    def explorer_params(self) -> Params:
        """What the explorer shows, besides the tables."""
        return {**self.page_params(), "palette": self.config.figures.palette}

    def starting_encoders(self) -> list[tuple[str, str, str, str, str | None]]:
        """Model, recipe, method, task and language (or None) of every variant that starts from a realigned encoder."""
        return [
            (model, recipe, self.variants[variant].method.name, task, self.variants[variant].language)
            for (model, variant, task), recipe in self.recipe_names.items()
        ]

    def analysis_params(self) -> Params:
        """What the tables have in common: the source language, and the methods and measures in order."""
        return {"source_language": self.source, "methods": list(self.labels), "measures": self.measures}

    def published_names(self) -> Params:
        """What the models and methods are called in the published study that the results are put beside."""
        return {"models": self.config.published_models(), "methods": self.config.published_methods()}

    @property
    def measures(self) -> list[str]:
        """The measures, in the config's order; figures show the first."""
        return list(self.config.measurement.measures)


def name_of(row: Measure) -> str:
    """The name of a measure's row."""
    return row.name


def alternatives(names: Iterable[str]) -> str:
    """A regular expression that matches one of these names, or nothing if there are none."""
    return "|".join(map(re.escape, names)) or "(?!)"


def _corpus(entry: Any) -> Corpus | None:
    """The corpus on the hub that an entry names, if it names one."""
    return next((row for row in CORPORA if row.name == getattr(entry, "dataset", None)), None)
