"""Judge aligners against hand-made word links: precision, recall and alignment error rate (Och and Ney 2003)."""

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from realign.errors import InputError
from realign.text.files import read_lines
from realign.text.pharaoh import Link, check_range, read_linked_bitext

COLUMNS = ["aligner", "language", "sentences", "links", "sure", "precision", "recall", "aer"]
_GOLD_LINK = re.compile(r"(\d+)([-p])(\d+)")


class GoldLinks(NamedTuple):
    """The hand-made links of one sentence pair; possible links include the sure ones."""

    sure: set[Link]
    possible: set[Link]


class Counts(NamedTuple):
    """The counts that precision, recall and AER are computed from, over any number of sentence pairs."""

    sentences: int
    links: int
    sure: int
    links_in_sure: int
    links_in_possible: int

    @property
    def precision(self) -> float:
        """|A ∩ P| / |A|: the share of links that are at least possible; 1 for no links."""
        return self.links_in_possible / self.links if self.links else 1.0

    @property
    def recall(self) -> float:
        """|A ∩ S| / |S|: the share of sure links that were found; 1 for no sure links."""
        return self.links_in_sure / self.sure if self.sure else 1.0

    @property
    def aer(self) -> float:
        """1 - (|A ∩ S| + |A ∩ P|) / (|A| + |S|), 0 for a perfect alignment."""
        total = self.links + self.sure
        return 1 - (self.links_in_sure + self.links_in_possible) / total if total else 0.0


def read_gold(path: Path) -> Iterator[GoldLinks]:
    """Stream hand-made links, one line per sentence pair: `i-j` is a sure link, `ipj` a possible one.

    Raises `InputError` for anything else.
    """
    for number, line in enumerate(read_lines(path), 1):
        sure, possible = set(), set()
        for field in line.split():
            match = _GOLD_LINK.fullmatch(field)
            if not match:
                raise InputError(
                    f"{path}:{number}: expected sure links like '0-0' or possible ones like '2p1', found {field!r}"
                )
            link = (int(match[1]), int(match[3]))
            possible.add(link)
            if match[2] == "-":
                sure.add(link)
        yield GoldLinks(sure, possible)


def count(found: Iterable[Iterable[Link]], gold: Iterable[GoldLinks]) -> Counts:
    """Compare the links of sentence pairs with the hand-made ones; both must have the same length."""
    totals = [0, 0, 0, 0, 0]
    for links, (sure, possible) in zip(found, gold, strict=True):
        links = set(links)
        for k, number in enumerate((1, len(links), len(sure), len(links & sure), len(links & possible))):
            totals[k] += number
    return Counts(*totals)


def judge(bitext: Path, links: Path, gold: Path) -> Counts:
    """Compare an aligner's links with the hand-made links of the same bitext.

    Raises `InputError` when the files differ in length or a link is out of range.
    """
    linked = list(read_linked_bitext(bitext, links))
    made = list(read_gold(gold))
    if len(made) != len(linked):
        raise InputError(
            f"{gold}: {len(made)} lines of links, expected one for each of the {len(linked)} lines of {bitext}"
        )
    for number, ((pair, _), of_pair) in enumerate(zip(linked, made, strict=True), 1):
        check_range(of_pair.possible, pair, gold, number)
    return count((found for _, found in linked), made)


def aligners_table(counts: Sequence[tuple[str, str, Counts]]) -> pd.DataFrame:
    """One row for each (aligner, language, counts), and one for each aligner over all of its languages."""
    rows = [*counts]
    for aligner in sorted({aligner for aligner, _, _ in counts}):
        of_aligner = [numbers for name, _, numbers in counts if name == aligner]
        rows.append((aligner, "all", Counts(*(sum(column) for column in zip(*of_aligner, strict=True)))))
    table = pd.DataFrame(
        [
            (aligner, language, c.sentences, c.links, c.sure, c.precision, c.recall, c.aer)
            for aligner, language, c in rows
        ],
        columns=COLUMNS,
    )
    return table.sort_values(["aligner", "language"], ignore_index=True)
