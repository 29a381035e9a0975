"""Locate the files behind a config entry. The lab is a set of files like any other, in the project's own folder."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from realign.config import (
    BitextFiles,
    BitextHub,
    Config,
    DictionaryFiles,
    DictionaryHub,
    GoldFiles,
    LabSource,
    ModelFiles,
    TaskFiles,
    TaskHub,
)
from realign.errors import InputError
from realign.steps import finetuning_steps

SPLITS = ("train", "test")


class Locator:
    """Knows where the inputs of an experiment lie, given its config and the folder of the lab."""

    def __init__(self, config: Config, lab: Path) -> None:
        self.config, self.lab = config, lab

    def bitext(self, split: str, language: str) -> list[str]:
        """One path in fast_align's format, or the paths of both sides; split `gold` has hand-made links.

        Nothing for bitext from the hub, which lies nowhere yet.
        """
        if split == "gold":
            return [self._gold("bitext", language)]
        entry = self.config.bitext
        if isinstance(entry, BitextHub):
            return []
        if isinstance(entry, LabSource):
            side = f"{self.lab}/bitext/{{split}}.{{}}.txt"
            entry = BitextFiles(
                source="files", source_side=side.replace("{}", "{source}"), target_side=side.replace("{}", "{lang}")
            )
        patterns = [entry.pattern] if entry.pattern else [entry.source_side, entry.target_side]
        return [_fill(pattern or "", "bitext", self._fields(language, split)) for pattern in patterns]

    def gold_links(self, language: str) -> str:
        """The hand-made word links between the source language and `language`."""
        return self._gold("links", language)

    def gold_languages(self) -> list[str]:
        """The target languages that have hand-made links, sorted."""
        if self.config.gold_links is None:
            return []
        return sorted(lang for lang in self.config.target_languages if Path(self.gold_links(lang)).exists())

    def _gold(self, part: Literal["bitext", "links"], language: str) -> str:
        entry = self.config.gold_links
        pattern = (
            getattr(entry, part)
            if isinstance(entry, GoldFiles)
            else f"{self.lab}/alignments/{{source}}-{{lang}}.{part}.txt"
        )
        return _fill(pattern, f"gold_links.{part}", self._fields(language))

    def dictionary(self, language: str) -> str:
        """The dictionary from the source language to `language`."""
        entry = self.config.aligners.dictionary
        pattern = (
            entry.pattern if isinstance(entry, DictionaryFiles) else f"{self.lab}/dictionary/{{source}}-{{lang}}.txt"
        )
        return _fill(pattern, "aligners.dictionary.pattern", self._fields(language))

    def task(self, task: str, language: str, split: str) -> str:
        """The annotated sentences of one language and split."""
        entry = self.config.tasks[task]  # type: ignore[index]
        pattern = entry.pattern if isinstance(entry, TaskFiles) else f"{self.lab}/treebank/{{lang}}-{{split}}.conllu"
        return _fill(pattern, f"tasks.{task}.pattern", self._fields(language, split))

    def realignment_steps(self, task: str) -> int:
        """Optimiser steps of realignment before fine-tuning on a task.

        `match` asks for as many as fine-tuning takes, which follows from the sentences in the task's training file;
        they are counted when the workflow is parsed, so that tasks with the same number share realigned encoders.
        """
        config = self.config
        if config.realignment.steps != "match":
            return config.realignment.steps
        from realign.text.conll import count_sentences
        from realign.text.labelled_pairs import count_pairs

        entry = config.tasks[task]  # type: ignore[index]
        if isinstance(entry, TaskHub):
            sentences = entry.training_sentences or 0  # the config's validation asks for it
        else:
            count = count_pairs if task == "nli" else count_sentences
            sentences = count(Path(self.task(task, config.source_language, "train")))
        return finetuning_steps(sentences, config.finetuning.batch_size, config.epochs_of(task))  # type: ignore[arg-type]

    def _fields(self, language: str, split: str = "") -> dict[str, str]:
        return {"source": self.config.source_language, "lang": language, "split": split}

    def _needed(self) -> Iterator[tuple[str, str, str]]:
        """Config key, language and path of every file that the experiment reads and nothing fetches."""
        config = self.config
        tasks = [task for task, entry in config.tasks.items() if not isinstance(entry, TaskHub)]
        dictionaries = not isinstance(config.aligners.dictionary, DictionaryHub)
        for language in config.target_languages:
            for split in SPLITS:
                for path in self.bitext(split, language):
                    yield "bitext", language, path
            if "dictionary" in config.used_aligners and dictionaries:
                yield "aligners.dictionary", language, self.dictionary(language)
            for task in tasks:
                yield f"tasks.{task}", language, self.task(task, language, "test")
        for language in self.gold_languages():
            for path in self.bitext("gold", language):
                yield "gold_links.bitext", language, path
        for task in tasks:
            for split in SPLITS:
                yield f"tasks.{task}", config.source_language, self.task(task, config.source_language, split)

    def check(self) -> None:
        """Raise `InputError` for a language without data, a model without a directory, a program not on the PATH."""
        for key, language, path in self._needed():
            if not Path(path).exists():
                raise InputError(f"config: language {language!r} has no data for {key}: {path} does not exist")
            if key == "aligners.dictionary" and Path(path).stat().st_size == 0:
                raise InputError(f"{path}: empty dictionary; expected two columns, a word and its translation")
        if self.config.gold_links is not None and not self.gold_languages():
            first = self.gold_links(min(self.config.target_languages))
            raise InputError(f"config: gold_links: no target language has any; {first} does not exist")
        for name, model in self.config.models.items():
            if isinstance(model, ModelFiles) and not Path(model.path, "config.json").exists():
                raise InputError(f"config: models.{name}.path: no Hugging Face directory at {model.path}")
        if "fastalign" in self.config.used_aligners:
            for key in ("fast_align", "atools"):
                command = getattr(self.config.aligners.fastalign, key)
                if command is not None and (not command or shutil.which(command[0]) is None):
                    raise InputError(f"config: aligners.fastalign.{key}: {command} is not a program on the PATH")


def _fill(pattern: str, key: str, fields: dict[str, str]) -> str:
    try:
        return pattern.format(**fields)
    except (KeyError, IndexError, ValueError, AttributeError, TypeError):
        known = ", ".join(f"{{{field}}}" for field in fields)
        raise InputError(f"config: {key}: {pattern!r} has a field other than {known}") from None
