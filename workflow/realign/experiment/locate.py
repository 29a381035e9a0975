"""Find the files behind the config's sources. The lab is a set of files like any other."""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from realign.config.sources import BitextFiles, DictionaryFiles, GoldFiles, LabSource, is_hub
from realign.config.whole import Config, task_row

SPLITS = ("train", "test")
GOLD = "gold"
"""The split of bitext with hand-made links."""


class Locator:
    """Finds the files of an experiment, given its config and the lab's folder."""

    def __init__(self, config: Config, lab: Path) -> None:
        self.config, self.lab = config, lab

    def bitext(self, split: str, language: str) -> list[str]:
        """One path in fast_align's format, or the paths of both sides; no path for bitext from the hub."""
        if split == GOLD:
            return [self._gold("bitext", language)]
        entry = self.config.bitext
        if is_hub(entry):
            return []
        if isinstance(entry, LabSource):
            return [self._in_lab(f"bitext/{{split}}.{side}.txt", language, split) for side in ("{source}", "{lang}")]
        assert isinstance(entry, BitextFiles)
        patterns = [entry.pattern, entry.source_side, entry.target_side]
        return [self._fill(pattern, language, split) for pattern in patterns if pattern is not None]

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
        if isinstance(entry, GoldFiles):
            return self._fill(getattr(entry, part), language)
        return self._in_lab(f"gold_links/{{source}}-{{lang}}.{part}.txt", language)

    def dictionary(self, language: str) -> str:
        """The user's or the lab's dictionary from the source language to `language`."""
        entry = self.config.dictionaries
        if isinstance(entry, DictionaryFiles):
            return self._fill(entry.pattern, language)
        return self._in_lab("dictionary/{source}-{lang}.txt", language)

    @property
    def published_folder(self) -> Path:
        """The folder of the published scores that ship with the project."""
        return self.lab.parent / "experiments" / "published"

    def published(self) -> str | None:
        """The file of the published scores that the results are put beside, if any: the user's, or one by its name."""
        if self.config.published is None:
            return None
        study = self.config.published.study
        own = "/" in study or study.endswith(".csv")
        return study if own else str(self.published_folder / f"{study}.csv")

    def examples(self, task: str, language: str, split: str) -> str:
        """The labelled examples of one task, language and split."""
        entry = self.config.task_entries[task]
        if isinstance(entry, LabSource):
            return self._in_lab(str(task_row(task).lab), language, split)
        return self._fill(entry.pattern, language, split)

    def _fill(self, pattern: str, language: str, split: str = "") -> str:
        return pattern.format(source=self.config.source_language, lang=language, split=split)

    def _in_lab(self, pattern: str, language: str, split: str = "") -> str:
        return f"{self.lab}/{self._fill(pattern, language, split)}"

    def needed(self) -> Iterator[tuple[str, str, str]]:
        """Config key, language and path of every file that must exist because nothing fetches it."""
        config = self.config
        tasks = [task for task, entry in config.task_entries.items() if not is_hub(entry)]
        dictionaries = any(row.dictionary for row in config.used_aligners) and not is_hub(config.dictionaries)
        for language in config.target_languages:
            for split in SPLITS:
                for path in self.bitext(split, language):
                    yield "bitext", language, path
            if dictionaries:
                yield "dictionaries", language, self.dictionary(language)
        for task in tasks:
            for language in config.targets_of(task):
                yield f"tasks.{task}", language, self.examples(task, language, "test")
        for language in self.gold_languages():
            for path in self.bitext(GOLD, language):
                yield "gold_links.bitext", language, path
        for task in tasks:
            for split in SPLITS:
                yield f"tasks.{task}", config.source_language, self.examples(task, config.source_language, split)
