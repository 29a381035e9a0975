"""Checks of an experiment's files, made before anything runs."""

import re
import shutil
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path

from realign.config.sources import is_hub
from realign.config.whole import Config, task_row
from realign.encoders.entries import FilesEncoder
from realign.errors import InputError
from realign.experiment.locate import SPLITS, Locator
from realign.experiment.paths import Paths
from realign.text.files import reading
from realign.text.published import EVERY_REALIGNMENT, read_published

LARGE = 20_000_000
"""Size in bytes above which a file is not read before the run."""


def check_python(executable: str) -> None:
    """Raise `InputError` for a path of Python that a shell would take apart, since Snakemake does not quote it."""
    if re.search(r"[\s\"'\\$`&|;<>(){}*?]", executable):
        raise InputError(
            f"{executable}: Snakemake cannot start jobs with a Python whose path has a space or a character that "
            "means something to a shell; install the requirements into a folder without one"
        )


def check_inputs(config: Config, locate: Locator) -> None:
    """Raise `InputError` for a language without data, a model without a directory, or a program not on the PATH."""
    _check_files(locate)
    _check_sides(config, locate)
    _check_published(config, locate)
    if config.gold_links is not None:
        first = locate.gold_links(min(config.target_languages))
        if not locate.gold_languages():
            raise InputError(f"config: gold_links: found none for any target language; {first} does not exist")
        _refuse_braces("gold_links", first)
    for name, model in config.encoders.items():
        if not isinstance(model, FilesEncoder):
            continue
        key = config.encoder_key(name)
        with reading(Path(model.path)):
            if not Path(model.path, "config.json").exists():
                raise InputError(f"config: {key}.path: no Hugging Face directory at {model.path}")
            files = [str(path) for path in Path(model.path).iterdir()]
        for path in files:
            _refuse_braces(f"{key}.path", path)
    for row in config.used_aligners:
        settings = config.aligner_settings(row)
        for key in row.programs:
            command = settings[key]
            if command is not None and shutil.which(command[0]) is None:
                raise InputError(f"config: aligners.{row.name}.{key}: {command} is not a program on the PATH")


def leaks(config: Config, locate: Locator) -> Iterator[str]:
    """A warning for each task with test examples in the source language that are also training examples.

    Files are compared only if they are not large, and only until their examples are prepared.
    """
    paths, source = Paths(config.source_language), config.source_language
    for task, entry in config.task_entries.items():
        prepared = [Path(paths.examples.format(task=task, lang=source, split=split)) for split in SPLITS]
        if is_hub(entry) or all(path.exists() for path in prepared):
            continue
        train, test = (Path(locate.examples(task, source, split)) for split in SPLITS)
        if max(path.stat().st_size for path in (train, test)) > LARGE:
            continue
        row, labels = task_row(task), tuple(getattr(entry, "labels", None) or task_row(task).labels)
        read = import_module(row.module).read
        seen = {repr(example[:-1]) for example in read(train, labels)}  # without labels
        examples = [repr(example[:-1]) for example in read(test, labels)]
        both = sum(example in seen for example in examples)
        if both:
            yield f"tasks.{task}: {both} of {len(examples)} test examples in {test} are also training data ({train})"


def _check_files(locate: Locator) -> None:
    for key, language, path in locate.needed():
        with reading(Path(path)):
            if not Path(path).exists():
                raise InputError(f"config: language {language!r} has no data for {key}: {path} does not exist")
            if not Path(path).is_file():
                raise InputError(f"config: {key}: {path} is a directory; expected a file")
            open(path, "rb").close()
        _refuse_braces(key, path)
        if Path(path).stat().st_size == 0:
            what = "empty dictionary; expected two columns, a word and its translation"
            raise InputError(f"{path}: {what if key == 'dictionaries' else f'empty; it is needed for {key}'}")


def _refuse_braces(key: str, path: str) -> None:
    """Raise `InputError` for a path that Snakemake would take for a pattern."""
    if {"{", "}"} & set(path):
        raise InputError(f"config: {key}: {path} has a brace in its name; rename it")


def _check_published(config: Config, locate: Locator) -> None:
    """Raise `InputError` for an unknown study, or one that shares no model, method, task or language."""
    published = locate.published()
    if published is None or config.published is None:
        return
    path, study = Path(published), config.published.study
    if not path.is_file():
        known = sorted(file.stem for file in locate.published_folder.glob("*.csv"))
        expected = f"one of {', '.join(known)}" if path.parent == locate.published_folder else "the path of a CSV file"
        raise InputError(f"config: published: found {study!r}; expected {expected}")
    _refuse_braces("published", published)
    rows = read_published(path)
    own = {
        "model": set(config.published_models().values()),
        "method": {*config.published_methods().values(), EVERY_REALIGNMENT},
        "task": set(config.task_entries),
        "language": {config.source_language, *config.target_languages},
    }
    for column, names in own.items():
        theirs = {str(getattr(row, column)) for row in rows}
        if not names & theirs:
            some = ", ".join(sorted(theirs)[:5]) + " …" * (len(theirs) > 5)
            raise InputError(f"config: published: {path} has none of the {column}s {sorted(names)}, only {some}")


def _check_sides(config: Config, locate: Locator) -> None:
    """Check that both sides of a bitext have the same number of lines, unless its prepared file is newer than both."""
    for language in config.target_languages:
        for split in SPLITS:
            sides = locate.bitext(split, language)
            artifact = Path(Paths(config.source_language).bitext.format(split=split, lang=language))
            if len(sides) == 2 and not _newer(artifact, sides):
                check_sides(*map(Path, sides))


def check_sides(source: Path, target: Path) -> None:
    """Raise `InputError` when two line-parallel files have different numbers of lines."""
    lines = [_count_lines(side) for side in (source, target)]
    if lines[0] != lines[1]:
        (short, few), (long, many) = sorted(zip((source, target), lines, strict=True), key=lambda side: side[1])
        raise InputError(f"{short}: {few} lines, but {long} has {many}; both sides of a bitext need the same number")


def _count_lines(path: Path) -> int:
    """Number of lines in a file; the last one may lack a line break."""
    lines, last = 0, b"\n"
    with open(path, "rb") as content:
        while block := content.read(1 << 20):
            lines += block.count(b"\n")
            last = block[-1:]
    return lines + (last != b"\n")


def _newer(artifact: Path, inputs: Sequence[str]) -> bool:
    if not artifact.exists():
        return False
    made = artifact.stat().st_mtime_ns
    return all(Path(path).stat().st_mtime_ns < made for path in inputs)
