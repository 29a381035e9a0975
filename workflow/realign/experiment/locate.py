"""Where a language's data enter: the files behind the config's sources. The lab is a set of files like any other."""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from realign.config.sources import BitextFiles, DictionaryFiles, GoldFiles, LabSource, is_hub
from realign.config.whole import Config, task_row

SPLITS = ("train", "test")
GOLD = "gold"
"""The split of bitext with hand-made links."""


class Locator:
    """Knows where the files of an experiment lie, given its config and the folder of the lab."""

    def __init__(self, config: Config, lab: Path) -> None:
        self.config, self.lab = config, lab

    def bitext(self, split: str, language: str) -> list[str]:
        """One path in fast_align's format, or the paths of both sides; nothing for bitext of the hub."""
        if split == GOLD:
            return [self._gold("bitext", language)]
        entry = self.config.bitext
        if is_hub(entry):
            return []
        if isinstance(entry, LabSource):
            patterns = [f"{self.lab}/bitext/{{split}}.{side}.txt" for side in ("{source}", "{lang}")]
        else:
            assert isinstance(entry, BitextFiles)
            patterns = [pattern for pattern in (entry.pattern, entry.source_side, entry.target_side) if pattern]
        return [self._fill(pattern, language, split) for pattern in patterns]

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
        lab = f"{self.lab}/gold_links/{{source}}-{{lang}}.{part}.txt"
        return self._fill(getattr(entry, part) if isinstance(entry, GoldFiles) else lab, language)

    def dictionary(self, language: str) -> str:
        """The dictionary from the source language to `language`; of the user or the lab."""
        entry = self.config.dictionaries
        lab = f"{self.lab}/dictionary/{{source}}-{{lang}}.txt"
        return self._fill(entry.pattern if isinstance(entry, DictionaryFiles) else lab, language)

    def examples(self, task: str, language: str, split: str) -> str:
        """The labelled examples of one task, language and split."""
        entry = self.config.task_entries[task]
        lab = f"{self.lab}/{task_row(task).lab}"
        return self._fill(lab if isinstance(entry, LabSource) else entry.pattern, language, split)

    def _fill(self, pattern: str, language: str, split: str = "") -> str:
        return pattern.format(source=self.config.source_language, lang=language, split=split)

    def needed(self) -> Iterator[tuple[str, str, str]]:
        """Config key, language and path of every file that the experiment reads and nothing fetches."""
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
                yield f"tasks.{task}", language, self.examples(task, language, "test")
        for language in self.gold_languages():
            for path in self.bitext(GOLD, language):
                yield "gold_links.bitext", language, path
        for task in tasks:
            for split in SPLITS:
                yield f"tasks.{task}", config.source_language, self.examples(task, config.source_language, split)
