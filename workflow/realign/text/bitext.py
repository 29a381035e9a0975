"""Bitext in fast_align's format: `source tokens ||| target tokens`, one sentence pair per line."""

from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path
from typing import NamedTuple

from realign.errors import InputError
from realign.text.files import read_lines, split_words

SEPARATOR = " ||| "


class SentencePair(NamedTuple):
    """The words of two sentences that translate each other."""

    source: list[str]
    target: list[str]


def parse_pair(line: str, path: Path, number: int) -> SentencePair:
    """One bitext line as words; raises `InputError` unless it has exactly two non-empty sides."""
    sides = line.split("|||")
    if len(sides) != 2 or not all(map(split_words, sides)):
        raise InputError(f"{path}:{number}: expected 'source ||| target' with words on both sides, found {line[:60]!r}")
    return SentencePair(split_words(sides[0]), split_words(sides[1]))


def read_bitext(path: Path) -> Iterator[SentencePair]:
    """Stream the sentence pairs of a bitext file."""
    for number, line in enumerate(read_lines(path), 1):
        yield parse_pair(line, path, number)


def format_pair(pair: SentencePair) -> str:
    """One bitext line, without the line break."""
    return " ".join(pair.source) + SEPARATOR + " ".join(pair.target)


def read_moses(source: Path, target: Path) -> Iterator[SentencePair]:
    """Stream two line-parallel tokenised files, skipping pairs with an empty side.

    Raises `InputError` when one file has more lines than the other, or a word holds the separator of a bitext.
    """
    missing = object()
    number = 0
    for number, (left, right) in enumerate(zip_longest(read_lines(source), read_lines(target), fillvalue=missing), 1):
        if left is missing or right is missing:
            short, long = (source, target) if left is missing else (target, source)
            extra = sum(1 for _ in read_lines(long))
            raise InputError(
                f"{short}: {number - 1} lines, but {long} has {extra}; both sides of a bitext need the same number"
            )
        for path, side in ((source, left), (target, right)):
            if "|||" in str(side):
                raise InputError(f"{path}:{number}: found '|||', which separates the sides of a bitext; escape it")
        pair = SentencePair(split_words(str(left)), split_words(str(right)))
        if pair.source and pair.target:
            yield pair
    if number == 0:
        raise InputError(f"{source}: empty; a bitext needs at least one sentence pair")
