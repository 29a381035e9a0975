"""Locate the files behind a config entry. The lab is a set of files like any other, in the project's own folder."""

import shutil
from collections.abc import Iterator
from pathlib import Path

from realign.config import BitextFiles, Config, DictionaryFiles, LabModel, LabSource, TaskFiles, parse_method
from realign.errors import InputError

SPLITS = ("train", "test")


class Locator:
    """Knows where the inputs of an experiment lie, given its config and the folder of the lab."""

    def __init__(self, config: Config, lab: Path) -> None:
        self.config, self.lab = config, lab

    def bitext(self, split: str, language: str) -> list[str]:
        """One path in fast_align's format, or the paths of both sides."""
        entry = self.config.bitext
        if isinstance(entry, LabSource):
            side = f"{self.lab}/bitext/{{split}}.{{}}.txt"
            entry = BitextFiles(
                source="files", source_side=side.replace("{}", "{source}"), target_side=side.replace("{}", "{lang}")
            )
        patterns = [entry.pattern] if entry.pattern else [entry.source_side, entry.target_side]
        return [_fill(pattern or "", "bitext", self._fields(language, split)) for pattern in patterns]

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

    def _fields(self, language: str, split: str = "") -> dict[str, str]:
        return {"source": self.config.source_language, "lang": language, "split": split}

    def _needed(self) -> Iterator[tuple[str, str, str]]:
        """Config key, language and path of every file that the experiment reads."""
        config = self.config
        aligners = {parse_method(method).aligner for method in config.methods} | {config.measurement.aligner}
        for language in config.target_languages:
            for split in SPLITS:
                for path in self.bitext(split, language):
                    yield "bitext", language, path
            if "dictionary" in aligners:
                yield "aligners.dictionary", language, self.dictionary(language)
            for task in config.tasks:
                yield f"tasks.{task}", language, self.task(task, language, "test")
        for task in config.tasks:
            for split in SPLITS:
                yield f"tasks.{task}", config.source_language, self.task(task, config.source_language, split)

    def check(self) -> None:
        """Raise `InputError` for a language without data, a model without a directory, a program not on the PATH."""
        for key, language, path in self._needed():
            if not Path(path).exists():
                raise InputError(f"config: language {language!r} has no data for {key}: {path} does not exist")
            if key == "aligners.dictionary" and Path(path).stat().st_size == 0:
                raise InputError(f"{path}: empty dictionary; expected two columns, a word and its translation")
        for name, model in self.config.models.items():
            if not isinstance(model, LabModel) and not Path(model.path, "config.json").exists():
                raise InputError(f"config: models.{name}.path: no Hugging Face directory at {model.path}")
        if any(method.endswith("-fastalign") for method in self.config.methods):
            for key in ("fast_align", "atools"):
                command = getattr(self.config.aligners.fastalign, key)
                if command is not None and (not command or shutil.which(command[0]) is None):
                    raise InputError(f"config: aligners.fastalign.{key}: {command} is not a program on the PATH")


def _fill(pattern: str, key: str, fields: dict[str, str]) -> str:
    try:
        return pattern.format(**fields)
    except (KeyError, IndexError, ValueError):
        known = ", ".join(f"{{{field}}}" for field in fields)
        raise InputError(f"config: {key}: {pattern!r} has a field other than {known}") from None
