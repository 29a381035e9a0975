"""Retrieval: how often a word's nearest neighbour, by cosine, is its translation (Gaschi et al. 2022).

Weak: the candidates are all words of the other side. Strong: also all words of the word's own side except itself.
"""

from collections.abc import Collection

import torch
from torch import Tensor

from realign.alignment.pairs import Pairs, Side, without_own
from realign.alignment.records import Direction


def scores(pairs: Pairs, measures: Collection[str]) -> dict[tuple[Direction, str], Tensor]:
    """Share [sets] of words x_i whose nearest neighbour is their translation y_i.

    A tie counts as a miss unless y_i comes first on its side.
    """
    to_target, to_source = _nearest_across(pairs)
    own = torch.arange(pairs.n, device=pairs.source.device)
    shares: dict[tuple[Direction, str], Tensor] = {}
    sides: list[tuple[Direction, Side, tuple[Tensor, Tensor]]] = [
        ("forward", "source", to_target),
        ("backward", "target", to_source),
    ]
    for direction, side, (nearest, found) in sides:
        hit = found == own
        if "weak" in measures:
            shares[direction, "weak"] = hit.double().mean(dim=1)
        if "strong" in measures:
            shares[direction, "strong"] = (hit & (nearest > _nearest_beside(pairs, side))).double().mean(dim=1)
    return shares


def _nearest_across(pairs: Pairs) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
    """Cosine and index, both [sets, n], of each word's nearest on the other side: of the source, then of the target."""
    to_target: list[tuple[Tensor, Tensor]] = []
    nearest = torch.full_like(pairs.target[:, :, 0], -torch.inf)
    found = torch.zeros_like(nearest, dtype=torch.long)
    for start, cosines in pairs.cosines("source", "target"):
        to_target.append(cosines.max(dim=2))
        value, row = cosines.max(dim=1)
        nearer = value > nearest
        nearest, found = torch.where(nearer, value, nearest), torch.where(nearer, row + start, found)
    value, place = (torch.cat(parts, dim=1) for parts in zip(*to_target, strict=True))
    return (value, place), (nearest, found)


def _nearest_beside(pairs: Pairs, side: Side) -> Tensor:
    """Cosine [sets, n] of each word with the nearest other word of its own side."""
    return torch.cat([without_own(cosines, start).amax(dim=2) for start, cosines in pairs.cosines(side, side)], dim=1)
