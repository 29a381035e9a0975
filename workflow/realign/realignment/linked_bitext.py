"""Bitext for training: random access to the lines of many files, and batches that mix their languages."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from realign.errors import InputError
from realign.text.bitext import SentencePair, parse_pair
from realign.text.files import reading, verify
from realign.text.pharaoh import Link, check_range, parse_links, usable_links

LinkedPair = tuple[SentencePair, list[Link]]
"""A sentence pair and the usable links between its words."""


class PairFile(Protocol):
    """Random access to the sentence pairs of a bitext, each with its usable links."""

    source: Path
    """The file that is named when no pair is usable."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: int) -> LinkedPair: ...


class LinkedBitextFile:
    """Random access to the linked lines of a bitext by byte offset; a million lines take only megabytes of memory."""

    def __init__(self, bitext: Path, links: Path) -> None:
        """Index the lines that have links; raises `InputError` for files of different length or without links."""
        self._bitext, self.source = bitext, links
        bitext_offsets, link_offsets = _line_offsets(bitext), _line_offsets(links)
        if len(bitext_offsets) != len(link_offsets):
            raise InputError(f"{links}: {len(link_offsets) - 1} lines, but {bitext} has {len(bitext_offsets) - 1}")
        self._linked = np.flatnonzero(np.diff(link_offsets) > 1)  # longer than the line end
        if len(self._linked) == 0:
            raise InputError(f"{links}: no word links at all; check the aligner and its dictionary")
        self._bitext_offsets, self._link_offsets = bitext_offsets, link_offsets

    def __len__(self) -> int:
        return len(self._linked)

    def __getitem__(self, index: int) -> LinkedPair:
        """Sentence pair and its usable links."""
        line = int(self._linked[index])
        pair = parse_pair(_read_line(self._bitext, self._bitext_offsets[line]), self._bitext, line + 1)
        found = parse_links(_read_line(self.source, self._link_offsets[line]), self.source, line + 1)
        check_range(found, pair, self.source, line + 1)
        return pair, usable_links(pair, found)


class SentenceFile:
    """Random access to the sentence pairs of a bitext without word links; whole sentences are translations."""

    def __init__(self, bitext: Path) -> None:
        """Index the lines; raises `InputError` for a file without any."""
        self.source = bitext
        self._offsets = _line_offsets(bitext)
        if len(self) == 0:
            raise InputError(f"{bitext}: no sentence pairs at all")

    def __len__(self) -> int:
        return len(self._offsets) - 1

    def __getitem__(self, index: int) -> LinkedPair:
        """Sentence pair, and one link; none between sentences that are the same, as between words that are the same."""
        pair = parse_pair(_read_line(self.source, self._offsets[index]), self.source, index + 1)
        return pair, [] if list(pair.source) == list(pair.target) else [(0, 0)]


def pair_files(bitexts: Iterable[str], links: Iterable[str] | None = None) -> list[PairFile]:
    """The bitexts of several languages, each with its file of links, if words and not sentences are realigned."""
    if links is None:
        return [SentenceFile(Path(text)) for text in bitexts]
    return [LinkedBitextFile(Path(text), Path(file)) for text, file in zip(bitexts, links, strict=True)]


def _line_offsets(path: Path) -> NDArray[np.int64]:
    """Byte offsets of every line and of the end of the file."""
    with reading(path):
        verify(path)
        with open(path, "rb") as lines:
            lengths = np.fromiter((len(line) for line in lines), dtype=np.int64)
    return np.concatenate([[0], np.cumsum(lengths)])


def _read_line(path: Path, offset: int) -> str:
    with open(path, "rb") as lines:
        lines.seek(offset)
        return lines.readline().decode("utf-8").rstrip("\n")


def mixed_batches(files: Sequence[PairFile], batch_size: int, rng: Generator) -> Iterator[list[LinkedPair]]:
    """Endless batches that take sentence pairs from every language in turn; a file is reshuffled after each pass."""
    streams = [_endless(file, rng.spawn(1)[0]) for file in files]
    turn = 0
    while True:
        yield [next(streams[(turn + place) % len(streams)]) for place in range(batch_size)]
        turn += batch_size


def _endless(file: PairFile, rng: Generator) -> Iterator[LinkedPair]:
    """Endless shuffled lines; raises `InputError` after a pass without any usable link to train on."""
    while True:
        usable = 0
        for index in rng.permutation(len(file)):
            pair, links = file[int(index)]
            usable += len(links)
            yield pair, links
        if usable == 0:
            kind = "word link, one-to-one and between different words; check the aligner"
            sentences = "sentence pair, whose sides differ"
            raise InputError(f"{file.source}: no usable {sentences if isinstance(file, SentenceFile) else kind}")
