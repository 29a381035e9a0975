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

Three matrices of 6,000 pairs take 430 MB.
"""
AT_ONCE = 2**22
"""About this many cosines are compared at a time, which bounds the memory."""


class Pairs:
    """Sets of n words or sentences, `source`, and their translations, `target`; both are [sets, n, hidden], float32."""

    def __init__(self, source: Tensor, target: Tensor, whole: "Pairs | None" = None) -> None:
        """`whole` is one set that begins with the pairs of these sets, one set after the other."""
        self.source, self.target = source, target
        self.sets, self.n = source.shape[:2]
        self._whole = whole or self
        self._kept: dict[tuple[Side, Side], Tensor] = {}

    @classmethod
    def of(cls, source: Vectors, target: Vectors) -> "Pairs":
        """One set from matrices [n, hidden]; raises `ValueError` without pairs, or if a translation is missing."""
        if len(source) == 0 or source.shape != target.shape:
            found = f"{len(source)} and {len(target)}"
            raise ValueError(f"expected as many words as translations, and at least one; found {found}")
        x, y = (torch.as_tensor(side).float()[None] for side in (source, target))
        return cls(x, y)

    def first(self, sets: int, size: int) -> "Pairs":
        """The first sets × size pairs of one set, as so many sets of that size."""
        x, y = (side[0, : sets * size].view(sets, size, -1) for side in (self.source, self.target))
        return Pairs(x, y, self)

    @cached_property
    def units(self) -> dict[Side, Tensor]:
        """The vectors of both sides with length 1, [sets, n, hidden]."""
        if self._whole is self:
            return {"source": _units(self.source), "target": _units(self.target)}
        return {side: own[0, : self.sets * self.n].view_as(self.source) for side, own in self._whole.units.items()}

    def cosines(self, rows: Side, columns: Side) -> Iterator[tuple[int, Tensor]]:
        """The cosines of one side with all of a side, [sets, rows, n], some rows at a time after their first number.

        Rows follow in order. The tensors are views, which must not be changed.
        """
        step = max(1, AT_ONCE // (self.sets * self.n))
        kept = self._whole._matrix(rows, columns)
        if kept is not None:
            both = self.sets * self.n
            kept = kept[:both, :both].view(self.sets, self.n, self.sets, self.n).diagonal(dim1=0, dim2=2)
            kept = kept.movedim(2, 0)  # the blocks [sets, n, n] along the diagonal
        for start in range(0, self.n, step):
            end = start + step
            if kept is not None:
                yield start, kept[:, start:end]
            else:
                yield start, self.units[rows][:, start:end] @ self.units[columns].mT

    def _matrix(self, rows: Side, columns: Side) -> Tensor | None:
        """All cosines [n, n] of one set, if there are not too many."""
        if self.n > WHOLE:
            return None
        if (columns, rows) in self._kept:
            return self._kept[columns, rows].T
        if (rows, columns) not in self._kept:
            self._kept[rows, columns] = self.units[rows][0] @ self.units[columns][0].T
        return self._kept[rows, columns]


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
