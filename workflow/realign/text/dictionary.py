"""Bilingual dictionaries in MUSE's format: a source word and a target word per line, separated by a tab or a space."""

from collections import defaultdict
from pathlib import Path

from realign.errors import InputError
from realign.text.files import read_lines, split_words

Translations = dict[str, frozenset[str]]


def read_dictionary(path: Path) -> Translations:
    """Case-folded target words by case-folded source word.

    Raises `InputError` for a line without two columns, or a dictionary without entries.
    """
    entries: defaultdict[str, set[str]] = defaultdict(set)
    for number, line in enumerate(read_lines(path), 1):
        if not line.strip():
            continue
        columns = line.split("\t") if "\t" in line else split_words(line)
        if len(columns) != 2 or not all(column.strip() for column in columns):
            raise InputError(f"{path}:{number}: expected a word and its translation, found {line[:60]!r}")
        source, target = (column.strip().casefold() for column in columns)
        entries[source].add(target)
    if not entries:
        raise InputError(f"{path}: empty dictionary; expected two columns, a word and its translation")
    return {source: frozenset(targets) for source, targets in entries.items()}
