"""Retrieval: how often a word's nearest neighbour, by cosine, is its translation (Gaschi et al. 2022).

Weak: the candidates are all words of the other side. Strong: also all words of the word's own side except itself.
"""

from collections.abc import Collection

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from realign.alignment.records import Direction

Vectors = NDArray[np.float32] | Tensor

_CHUNK = 1024  # queries compared at a time, which bounds the memory of the similarity matrix


def scores(source: Vectors, target: Vectors, measures: Collection[str]) -> dict[tuple[Direction, str], float]:
    """Share of words x_i whose nearest neighbour is their translation y_i; both sides are [n, hidden].

    A tie counts as a miss unless y_i comes first on its side. Raises `ValueError` without pairs.
    """
    n = len(source)
    if n == 0 or source.shape != target.shape:
        raise ValueError(f"expected as many words as translations, and at least one; found {n} and {len(target)}")
    x, y = (nn.functional.normalize(torch.as_tensor(side).float(), dim=1) for side in (source, target))
    (nearest_y, found_y), (nearest_x, found_x) = _nearest_across(x, y)
    own = torch.arange(n, device=x.device)
    shares: dict[tuple[Direction, str], float] = {}
    sides: list[tuple[Direction, Tensor, Tensor, Tensor]] = [
        ("forward", x, nearest_y, found_y),
        ("backward", y, nearest_x, found_x),
    ]
    for direction, side, nearest, found in sides:
        hit = found == own
        if "weak" in measures:
            shares[direction, "weak"] = int(hit.sum()) / n
        if "strong" in measures:
            shares[direction, "strong"] = int((hit & (nearest > _nearest_beside(side))).sum()) / n
    return shares


def _nearest_across(x: Tensor, y: Tensor) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
    """Similarity and index, both [n], of the nearest y to each x, and of the nearest x to each y, in one pass."""
    to_y: list[tuple[Tensor, Tensor]] = []
    nearest_x, found_x = x.new_full((len(y),), -torch.inf), torch.zeros(len(y), dtype=torch.long, device=x.device)
    for start in range(0, len(x), _CHUNK):
        similarity = x[start : start + _CHUNK] @ y.T  # [chunk, n]
        to_y.append(similarity.max(dim=1))
        value, row = similarity.max(dim=0)
        nearer = value > nearest_x
        nearest_x, found_x = torch.where(nearer, value, nearest_x), torch.where(nearer, row + start, found_x)
    value, place = (torch.cat(parts) for parts in zip(*to_y, strict=True))
    return (value, place), (nearest_x, found_x)


def _nearest_beside(x: Tensor) -> Tensor:
    """Similarity [n] of each x to the nearest other x."""
    nearest = []
    for start in range(0, len(x), _CHUNK):
        similarity = x[start : start + _CHUNK] @ x.T  # [chunk, n]
        similarity.diagonal(start).fill_(-torch.inf)
        nearest.append(similarity.max(dim=1).values)
    return torch.cat(nearest)
