"""Pairs of translations as vectors, and the cosines between them, which all measures and all numbers of pairs share."""

from collections.abc import Collection, Iterator
from functools import cached_property
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from realign.alignment.records import Direction

Side = Literal["source", "target"]
Vectors = NDArray[np.float32] | Tensor

WHOLE = 6000
"""Up to this many pairs, the matrix of all cosines is kept; of more, rows are computed again whenever they are needed.

Three matrices of 6,000 pairs take 430 MB. Those of several layers together are not larger.
"""
AT_ONCE = 2**22
"""About this many cosines are compared at a time, which bounds the memory."""


class Pairs:
    """Sets of n words or sentences, `source`, and their translations, `target`; both are [sets, n, hidden], float32."""

    def __init__(self, source: Tensor, target: Tensor, whole: "Pairs | None" = None) -> None:
        """`whole` has sets that begin with the pairs of these sets, as many of these for each of those."""
        self.source, self.target = source, target
        self.sets, self.n = source.shape[:2]
        self._whole = whole or self
        self._kept: dict[tuple[Side, Side], Tensor] = {}

    @classmethod
    def of(cls, source: Vectors, target: Vectors) -> "Pairs":
        """One set from matrices [n, hidden], or sets from [sets, n, hidden].

        Raises `ValueError` without pairs, or if a translation is missing.
        """
        x, y = (torch.as_tensor(side).float() for side in (source, target))
        if x.shape[-2] == 0 or x.shape != y.shape:
            found = f"{x.shape[-2]} and {y.shape[-2]}"
            raise ValueError(f"expected as many words as translations, and at least one; found {found}")
        x, y = (side if side.ndim == 3 else side[None] for side in (x, y))
        return cls(x, y)

    def first(self, sets: int, size: int) -> "Pairs":
        """The first sets × size pairs of each set, as so many sets of that size."""
        return Pairs(_split(self.source, sets, size), _split(self.target, sets, size), self)

    @cached_property
    def units(self) -> dict[Side, Tensor]:
        """The vectors of both sides with length 1, [sets, n, hidden]."""
        if self._whole is self:
            return {"source": _units(self.source), "target": _units(self.target)}
        return {side: _split(own, self.sets // self._whole.sets, self.n) for side, own in self._whole.units.items()}

    def cosines(self, rows: Side, columns: Side) -> Iterator[tuple[int, Tensor]]:
        """The cosines of one side with all of a side, [sets, rows, n], some rows at a time after their first number.

        Rows follow in order. The tensors must not be changed.
        """
        step = max(1, AT_ONCE // (self.sets * self.n))
        kept = self._whole._matrix(rows, columns)
        if kept is not None:
            kept = _diagonal_blocks(kept, self.sets // self._whole.sets, self.n)
        for start in range(0, self.n, step):
            end = start + step
            if kept is not None:
                yield start, kept[:, start:end]
            else:
                yield start, self.units[rows][:, start:end] @ self.units[columns].mT

    def _matrix(self, rows: Side, columns: Side) -> Tensor | None:
        """All cosines [sets, n, n], if there are not too many."""
        if self.sets * self.n**2 > WHOLE**2:
            return None
        if (columns, rows) in self._kept:
            return self._kept[columns, rows].mT
        if (rows, columns) not in self._kept:
            self._kept[rows, columns] = self.units[rows] @ self.units[columns].mT
        return self._kept[rows, columns]


def _split(vectors: Tensor, sets: int, size: int) -> Tensor:
    """The first sets × size vectors of each [n, hidden], as so many [size, hidden]."""
    return vectors[:, : sets * size].unflatten(1, (sets, size)).flatten(0, 1)


def _diagonal_blocks(matrices: Tensor, sets: int, size: int) -> Tensor:
    """The first blocks [size, size] along the diagonal of each matrix, so many of each."""
    both = sets * size
    blocks = matrices[:, :both, :both].unflatten(1, (sets, size)).unflatten(3, (sets, size))
    return blocks.diagonal(dim1=1, dim2=3).movedim(3, 1).flatten(0, 1)


def _units(vectors: Tensor) -> Tensor:
    return nn.functional.normalize(vectors, dim=-1)


def without_own(cosines: Tensor, start: int) -> Tensor:
    """A copy of rows of cosines [sets, rows, n], whose first is row `start`, with each pair's own cosine at -∞."""
    others = cosines.clone()
    others.diagonal(start, dim1=1, dim2=2).fill_(-torch.inf)
    return others


def both_ways(score: Tensor, measures: Collection[str]) -> dict[tuple[Direction, str], Tensor]:
    """A score that is the same in both directions, by direction and measure."""
    directions: tuple[Direction, ...] = ("forward", "backward")
    return {(direction, measure): score for direction in directions for measure in measures}
