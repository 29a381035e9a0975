"""Split raw sentence pairs, one `source<TAB>target` per line, into words, and write them as bitext."""

import multiprocessing
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from itertools import islice
from pathlib import Path

from realign.errors import InputError
from realign.jobs.bars import bar
from realign.text.bitext import SentencePair, format_pair
from realign.text.files import atomic_writer, read_lines
from realign.text.segmentation import Segmenter, segmenter

CHUNK = 1_000
"""Number of sentence pairs that a process segments at a time."""

RawPair = tuple[str, str]


def read_raw_pairs(path: Path) -> Iterator[RawPair]:
    """Stream raw sentence pairs; raises `InputError` for a line without exactly two tab-separated columns."""
    for number, line in enumerate(read_lines(path), 1):
        columns = line.split("\t")
        if len(columns) != 2:
            raise InputError(
                f"{path}:{number}: expected 'source<TAB>target', found {len(columns)} columns in {line[:60]!r}"
            )
        yield columns[0], columns[1]


def tokenise_bitext(raw: Path, source_language: str, target_language: str, out: Path, threads: int = 1) -> None:
    """Segment the raw sentence pairs of `raw` into the bitext `out`, with the same bytes for any number of threads.

    Pairs with an empty side are dropped, and their number is logged. Raises `InputError` for a malformed line,
    a language that cannot be segmented, or when no pair is left.
    """
    sides = segmenter(source_language), segmenter(target_language)
    read = 0
    written = 0
    with atomic_writer(out) as lines, bar(desc="tokenise", unit="pair") as progress:
        for size, chunk in _segment_all(_chunks(read_raw_pairs(raw)), sides, threads):
            lines.writelines(line + "\n" for line in chunk)
            read += size
            written += len(chunk)
            progress.update(size)
        if written == 0:
            raise InputError(f"{raw}: no sentence pair with words on both sides; a bitext needs at least one")
    print(f"{raw}: {written} sentence pairs written, {read - written} dropped for an empty side", file=sys.stderr)


def _chunks(pairs: Iterable[RawPair]) -> Iterator[list[RawPair]]:
    pairs = iter(pairs)
    while chunk := list(islice(pairs, CHUNK)):
        yield chunk


def _segment(chunk: list[RawPair], sides: tuple[Segmenter, Segmenter]) -> list[str]:
    pairs = (SentencePair(sides[0](source), sides[1](target)) for source, target in chunk)
    return [format_pair(pair) for pair in pairs if pair.source and pair.target]


def _segment_all(
    chunks: Iterable[list[RawPair]], sides: tuple[Segmenter, Segmenter], threads: int
) -> Iterator[tuple[int, list[str]]]:
    """Sizes of the chunks and their bitext lines, in order, with few chunks in memory at a time."""
    if threads == 1 or sys.platform == "darwin":  # where a fork of a process that has used a system library may crash
        for chunk in chunks:
            yield len(chunk), _segment(chunk, sides)
        return
    # forked, so that processes share the segmenters' dictionaries and a script needs no guarded main
    context = multiprocessing.get_context("fork")
    waiting: deque[tuple[int, Future[list[str]]]] = deque()
    with ProcessPoolExecutor(threads, context, _remember, (sides,)) as pool:
        try:
            for chunk in chunks:
                waiting.append((len(chunk), pool.submit(_segment_here, chunk)))
                if len(waiting) > 2 * threads:
                    size, future = waiting.popleft()
                    yield size, future.result()
            for size, future in waiting:
                yield size, future.result()
        finally:
            pool.shutdown(cancel_futures=True)


_sides: tuple[Segmenter, Segmenter]


def _remember(sides: tuple[Segmenter, Segmenter]) -> None:
    """Store the segmenters in this process, because they cannot be sent with each chunk."""
    global _sides
    _sides = sides


def _segment_here(chunk: list[RawPair]) -> list[str]:
    return _segment(chunk, _sides)
