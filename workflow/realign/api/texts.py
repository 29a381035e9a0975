"""Sentence pairs from text files or lists."""

import unicodedata
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from realign.errors import InputError
from realign.text.bitext import SEPARATOR, SentencePair, format_pair
from realign.text.files import atomic_writer, read_lines, split_words

Text = str | Path | Sequence[str] | Sequence[Sequence[str]]
"""The path of a text file with a sentence a line, or a list of sentences, each a text or a list of words. Words are
separated by spaces."""
Raw = tuple[str, str] | None
"""The languages of raw text, source first, whose sentences are split into words before anything else."""


def read_pairs(source: Text, target: Text | None = None, raw: Raw = None) -> list[SentencePair]:
    """The words of both sides of every line, of which either may have none.

    Without a target, the source has lines in fast_align's format, `source words ||| target words`. Raises `InputError`
    if one side has more lines than the other, if a word is the separator of that format, or if there is no line.
    """
    name, other = _name(source, "source"), _name(target, "target")
    if target is None:
        sides = [str(line).split(SEPARATOR.strip()) for line in _lines(source)]
        for number, parts in enumerate(sides, 1):
            if len(parts) != 2:
                raise InputError(f"{name}:{number}: expected 'source ||| target', found {SEPARATOR.join(parts)[:60]!r}")
        lines: list[list[str | Sequence[str]]] = [[parts[0] for parts in sides], [parts[1] for parts in sides]]
    else:
        lines = [_lines(source), _lines(target)]
    if len(lines[0]) != len(lines[1]):
        raise InputError(
            f"{name} has {len(lines[0])} lines, but {other} has {len(lines[1])}; line i of one translates line i of "
            "the other"
        )
    if not lines[0]:
        raise InputError(f"{name}: empty; expected at least one sentence")
    segmenters: list[Callable[[str], list[str]]] = [split_words, split_words]
    if raw is not None:
        from realign.text.segmentation import segmenter

        segmenters = [segmenter(language) for language in raw]
    words = [
        [_words(line, segment, f"{where}:{number}") for number, line in enumerate(side, 1)]
        for side, segment, where in zip(lines, segmenters, (name, other), strict=True)
    ]
    return [SentencePair(*pair) for pair in zip(*words, strict=True)]


def write_pairs(pairs: Iterable[SentencePair], path: Path) -> None:
    """Write sentence pairs with words on both sides in fast_align's format."""
    with atomic_writer(path) as out:
        out.writelines(format_pair(pair) + "\n" for pair in pairs)


def _name(text: Text | None, side: str) -> str:
    return str(text) if isinstance(text, str | Path) else side


def _lines(text: Text) -> list[str | Sequence[str]]:
    if isinstance(text, str | Path):
        return list(read_lines(Path(text)))
    return [
        unicodedata.normalize("NFC", line)
        if isinstance(line, str)
        else [unicodedata.normalize("NFC", word) for word in line]
        for line in text
    ]


def _words(line: str | Sequence[str], segment: Callable[[str], list[str]], where: str) -> list[str]:
    words = segment(line) if isinstance(line, str) else list(line)
    for word in words:
        if SEPARATOR.strip() in word or not word or set(word) & set(" \t\n\r"):
            raise InputError(f"{where}: found {word!r}; a word has no spaces and no '|||'")
    return words
