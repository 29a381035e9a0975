"""The alignment score: how often a word's nearest neighbour, by cosine, is its translation (Gaschi et al. 2022)."""

from collections.abc import Iterable, Iterator
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import BaseModel
from torch import Tensor, nn

Vectors = NDArray[np.float32] | Tensor
Kind = Literal["weak", "strong"]
Direction = Literal["forward", "backward"]

_CHUNK = 1024  # queries compared at a time, which bounds the memory of the similarity matrix


class AlignmentRow(BaseModel):
    """One alignment score: `layer` 0 is the embeddings; forward is source to target."""

    layer: int
    direction: Direction
    kind: Kind
    score: float
    n: int


def alignment_scores(source: Vectors, target: Vectors) -> dict[tuple[Direction, Kind], float]:
    """Share of words x_i whose nearest neighbour is their translation y_i; both sides are [n, hidden].

    Weak: the candidates are all words of the other side. Strong: also all words of x_i's own side but x_i itself.
    A tie counts as a miss unless y_i comes first among its side. Raises `ValueError` without pairs.
    """
    n = len(source)
    if n == 0 or source.shape != target.shape:
        raise ValueError(f"need as many words as translations and at least one, got {n} and {len(target)}")
    x, y = (nn.functional.normalize(torch.as_tensor(side).float(), dim=1) for side in (source, target))
    (nearest_y, found_y), (nearest_x, found_x) = _nearest_across(x, y)
    own = torch.arange(n, device=x.device)
    scores: dict[tuple[Direction, Kind], float] = {}
    sides: list[tuple[Direction, Tensor, Tensor, Tensor]] = [
        ("forward", x, nearest_y, found_y),
        ("backward", y, nearest_x, found_x),
    ]
    for direction, side, nearest, found in sides:
        hit = found == own
        scores[direction, "weak"] = int(hit.sum()) / n
        scores[direction, "strong"] = int((hit & (nearest > _nearest_beside(side))).sum()) / n
    return scores


def _nearest_across(x: Tensor, y: Tensor) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
    """Similarity and place, both [n], of the nearest y to each x, and of the nearest x to each y, from one product."""
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


def score_layers(layers: Iterable[tuple[Vectors, Vectors]]) -> Iterator[AlignmentRow]:
    """All four scores of every layer, from its source and target vectors [n, hidden]."""
    for layer, (source, target) in enumerate(layers):
        for (direction, kind), score in alignment_scores(source, target).items():
            yield AlignmentRow(layer=layer, direction=direction, kind=kind, score=score, n=len(source))
