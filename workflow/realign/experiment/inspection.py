"""Read a study's own files before anything runs: `workflow/check [--configfile FILE] [LANGUAGE ...]`.

For each language it counts what the run will find: sentence pairs, words that the dictionary has, pairs of words to
measure alignment on, and examples. The first mistake in each file is one sentence with its line.
"""

import sys
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property, partial
from importlib import import_module
from pathlib import Path

import yaml

from realign.aligners.dictionary import link
from realign.config.reading import check_config_file, read_config
from realign.config.sources import is_hub
from realign.config.whole import task_row
from realign.errors import InputError
from realign.experiment.checks import check_inputs
from realign.experiment.experiment import Experiment
from realign.experiment.locate import SPLITS
from realign.experiment.project import project_folder
from realign.jobs.parsers import command_parser
from realign.text.bitext import SentencePair, read_bitext, read_moses
from realign.text.dictionary import Translations, read_dictionary


class Inspection:
    """The files of one language."""

    def __init__(self, experiment: Experiment, language: str) -> None:
        self.experiment, self.locate, self.language = experiment, experiment.locate, language

    def parts(self) -> Iterator[tuple[str, Callable[[], str]]]:
        """What there is to read, and a function that reads it and says what it found."""
        config, source = self.experiment.config, self.experiment.source
        if self.language != source:
            yield from self._of_translations()
        for task, entry in config.task_entries.items():
            if not is_hub(entry) and self.language in (source, *config.targets_of(task)):
                for split in SPLITS if self.language == source else ("test",):
                    yield f"{task} ({split})", partial(self.of_examples, task, split)

    def _of_translations(self) -> Iterator[tuple[str, Callable[[], str]]]:
        entry = self.experiment.config.bitext_entry(self.language)[1]
        if not is_hub(entry):
            for split in SPLITS:
                yield f"bitext ({split})", partial(self.of_bitext, split)
        if not is_hub(self.experiment.config.dictionaries):
            yield "dictionaries", self.of_dictionary
            if not is_hub(entry):
                yield "word pairs held out", self.of_pairs

    def of_bitext(self, split: str) -> str:
        """How many pairs of sentences and words there are."""
        pairs = self.bitext(split)
        words = [sum(len(pair[side]) for pair in pairs) for side in (0, 1)]
        return f"{len(pairs):,} sentence pairs, {words[0]:,} and {words[1]:,} words"

    def bitext(self, split: str) -> list[SentencePair]:
        """The sentence pairs; raises `InputError` for a bad line, or if there are none."""
        files = [Path(path) for path in self.locate.bitext(split, self.language)]
        pairs = list(read_bitext(files[0]) if len(files) == 1 else read_moses(files[0], files[1]))
        if not pairs:
            raise InputError(f"{files[0]}: empty; a bitext needs at least one sentence pair")
        return pairs

    @cached_property
    def dictionary(self) -> Translations:
        """The dictionary."""
        return read_dictionary(Path(self.locate.dictionary(self.language)))

    def of_dictionary(self) -> str:
        """How many words the dictionary has."""
        return f"{len(self.dictionary):,} words with {sum(map(len, self.dictionary.values())):,} translations"

    def of_pairs(self) -> str:
        """How many pairs of words the dictionary links in the held-out bitext, and how many words it knows there."""
        pairs = self.bitext("test")
        words = {word.casefold() for pair in pairs for word in pair.source if any(map(str.isalpha, word))}
        links = sum(len(link(pair, self.dictionary)) for pair in pairs)
        known = sum(word in self.dictionary for word in words)
        return f"{links:,} that the dictionary links; it has {known:,} of the {len(words):,} words on the source side"

    def of_examples(self, task: str, split: str) -> str:
        """How many examples there are, and how many of those for training are used."""
        file = Path(self.locate.examples(task, self.language, split))
        read = import_module(task_row(task).module).read
        count = sum(1 for _ in read(file, tuple(self.experiment.task_labels(task))))
        if count == 0:
            raise InputError(f"{file}: no examples")
        limit = self.experiment.config.task_entries[task].training_sentences if split == "train" else None
        if limit and limit > count:
            raise InputError(f"{file}: {count} examples, but training_sentences in the config is {limit}")
        return f"{count:,} examples" + (f", of which the first {limit:,} are used" if limit else "")


def inspect(experiment: Experiment, languages: Sequence[str]) -> Iterator[tuple[str, bool]]:
    """A line for each part of each language's data, and whether it is a mistake; data from the hub are left out."""
    for language in languages:
        for part, read in Inspection(experiment, language).parts():
            try:
                yield f"{language}  {part:22}{read()}", False
            except InputError as error:
                yield f"{language}  {part:22}{error}", True


def main(arguments: Sequence[str] | None = None) -> None:
    """Print what the files of each language hold; the exit status is 1 if one has a mistake."""
    parser = command_parser(
        "check",
        "Read a study's own files, language by language, before anything runs: what they hold, and their mistakes.",
        "realign check",
        "realign check fr es",
        "realign check --configfile other.yaml",
    )
    parser.add_argument("languages", nargs="*", metavar="LANGUAGE", help="default: all of the study")
    parser.add_argument("--configfile", type=Path, default=Path("config.yaml"), help="default: config.yaml")
    given = parser.parse_args(arguments)
    try:
        experiment = _experiment(given.configfile, given.languages)
        mistakes = []
        for line, mistake in inspect(experiment, given.languages or experiment.languages):
            mistakes.append(mistake)
            print(line, flush=True)
        if any(mistakes):
            raise InputError(f"{sum(mistakes)} of these files cannot be used")
        if not mistakes:
            print("nothing to read before it is fetched: all of it comes from the hub")
        check_inputs(experiment.config, experiment.locate)
    except InputError as error:
        sys.exit(str(error))


def _experiment(config: Path, languages: Sequence[str]) -> Experiment:
    """The experiment of a config; raises `InputError` for an invalid one, and for languages that it does not have."""
    check_config_file(config)
    experiment = Experiment(read_config(yaml.safe_load(config.read_text(encoding="utf-8"))), project_folder() / "lab")
    if unknown := sorted(set(languages) - set(experiment.languages)):
        raise InputError(f"{unknown[0]}: not one of the languages {', '.join(experiment.languages)}")
    return experiment
