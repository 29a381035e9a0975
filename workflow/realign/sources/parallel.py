"""Sentence pairs from the hub: which of them are held out where there are no splits, and how they are written."""

import hashlib
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

from realign.errors import InputError
from realign.text.files import atomic_writer

Pair = tuple[str, str]


def of_split(pairs: Iterable[Pair], split: str, held_out: int) -> Iterator[Pair]:
    """The pairs of a split: the first `held_out` are `test`, the others `train`."""
    return islice(pairs, held_out) if split == "test" else islice(pairs, held_out, None)


def cleaned(line: str) -> str:
    """A sentence with single spaces and no line break."""
    return " ".join(line.split())


def write_pairs(path: Path, pairs: Iterable[Pair], limit: int | None, sha256: str | None = None) -> tuple[int, str]:
    """Write the first `limit` pairs as two tab-separated columns, without those that have an empty side.

    Returns how many were written, and the sha256 of the file. Raises `InputError` when it is not `sha256`.
    """
    written, digest = 0, hashlib.sha256()
    with atomic_writer(path) as out:
        for source, target in islice(pairs, limit):
            if source and target:
                line = f"{source}\t{target}\n"
                digest.update(line.encode())
                out.write(line)
                written += 1
        found = digest.hexdigest()
        if sha256 not in (None, found):
            raise InputError(f"{path}: the {written} sentence pairs have the sha256 {found}, expected {sha256}")
    return written, found
