"""Word links in Pharaoh format: `0-0 2-1`, source index first, line i for bitext line i."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import zip_longest
from pathlib import Path

from realign.errors import InputError
from realign.text.bitext import SentencePair, read_bitext
from realign.text.files import read_lines

Link = tuple[int, int]
_LINK = re.compile(r"(\d+)-(\d+)")


def format_links(links: Iterable[Link]) -> str:
    """Links in ascending order, as one Pharaoh line without the line break."""
    return " ".join(f"{i}-{j}" for i, j in sorted(links))


def parse_links(line: str, path: Path, number: int) -> list[Link]:
    """The links of one line; raises `InputError` for anything that is not `i-j`."""
    links = []
    for field in line.split():
        match = _LINK.fullmatch(field)
        if not match:
            raise InputError(f"{path}:{number}: expected links like '0-0 2-1', found {field!r}")
        links.append((int(match[1]), int(match[2])))
    return links


def read_links(path: Path) -> Iterator[list[Link]]:
    """Stream the links of a Pharaoh file, one list per line."""
    for number, line in enumerate(read_lines(path), 1):
        yield parse_links(line, path, number)


def check_range(links: Iterable[Link], pair: SentencePair, path: Path, number: int) -> None:
    """Raise `InputError` for a link that points past either sentence."""
    for i, j in links:
        if i >= len(pair.source) or j >= len(pair.target):
            raise InputError(
                f"{path}:{number}: link {i}-{j} is out of range for a pair of "
                f"{len(pair.source)} and {len(pair.target)} words"
            )


def read_linked_bitext(bitext: Path, links: Path | None) -> Iterator[tuple[SentencePair, list[Link]]]:
    """Stream a bitext together with its links, of which there are none without a file.

    Raises `InputError` when the files differ in length or a link is out of range.
    """
    if links is None:
        yield from ((pair, []) for pair in read_bitext(bitext))
        return
    for number, (pair, found) in enumerate(zip_longest(read_bitext(bitext), read_links(links)), 1):
        if pair is None or found is None:
            short, long = (bitext, links) if pair is None else (links, bitext)
            raise InputError(f"{short}: ends after {number - 1} lines, before {long} does")
        check_range(found, pair, links, number)
        yield pair, found


def usable_links(pair: SentencePair, links: Iterable[Link]) -> list[Link]:
    """One-to-one links between different strings: the links that realignment and measurement use.

    A word with two links loses both; a pair of identical strings says nothing about translation.
    """
    links = sorted(set(links))
    sources = Counter(i for i, _ in links)
    targets = Counter(j for _, j in links)
    return [(i, j) for i, j in links if sources[i] == 1 and targets[j] == 1 and pair.source[i] != pair.target[j]]
