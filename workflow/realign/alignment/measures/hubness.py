"""Retrieval with less regard for hubs, the words that are near to everything: by CSLS, and by margin.

Both compare the cosine of x and y with r(x), the mean cosine of x with its k nearest neighbours on the other side, and
with r(y). CSLS is 2 cos(x, y) - r(x) - r(y), with k = 10 (Conneau et al. 2018). The margin is the ratio
2 cos(x, y) / (r(x) + r(y)), with k = 4 (Artetxe and Schwenk 2019).
"""

from collections.abc import Collection

import torch
from torch import Tensor

from realign.alignment.pairs import Pairs
from realign.alignment.records import Direction

NEIGHBOURS = {"csls": 10, "margin": 4}
"""k of each measure; with fewer pairs than that, all of them."""


def scores(pairs: Pairs, measures: Collection[str]) -> dict[tuple[Direction, str], Tensor]:
    """Share [sets] of words x_i for which no y is better than their translation y_i.

    A tie counts as a miss unless y_i comes first on its side.
    """
    nearest = _nearest(pairs, min(pairs.n, max(NEIGHBOURS[measure] for measure in measures)))
    shares: dict[tuple[Direction, str], Tensor] = {}
    for measure in measures:
        near = [side[:, : NEIGHBOURS[measure]].mean(dim=1) for side in nearest]  # r of both sides, [sets, n]
        for direction, found in zip(("forward", "backward"), _found(pairs, measure, *near), strict=True):
            own = torch.arange(pairs.n, device=found.device)
            shares[direction, measure] = (found == own).double().mean(dim=1)  # type: ignore[index]
    return shares


def _nearest(pairs: Pairs, k: int) -> tuple[Tensor, Tensor]:
    """The k highest cosines of each word with the other side, descending: [sets, k, n] of the source and the target."""
    of_source, of_target = [], pairs.target.new_empty((pairs.sets, 0, pairs.n))
    for _, cosines in pairs.cosines("source", "target"):
        of_source.append(cosines.topk(k, dim=2).values.mT)
        both = torch.cat([of_target, cosines], dim=1)
        of_target = both.topk(min(k, both.shape[1]), dim=1).values
    return torch.cat(of_source, dim=2), of_target


def _found(pairs: Pairs, measure: str, near_source: Tensor, near_target: Tensor) -> tuple[Tensor, Tensor]:
    """The index [sets, n] of the best target word of each source word, and of the best source word of each target."""
    to_target = []
    best = torch.full_like(near_target, -torch.inf)
    to_source = torch.zeros_like(best, dtype=torch.long)
    for start, cosines in pairs.cosines("source", "target"):
        near = near_source[:, start : start + cosines.shape[1], None] + near_target[:, None]
        corrected = 2 * cosines - near if measure == "csls" else 2 * cosines / near  # [sets, rows, n]
        to_target.append(corrected.max(dim=2).indices)
        value, row = corrected.max(dim=1)
        better = value > best
        best, to_source = torch.where(better, value, best), torch.where(better, row + start, to_source)
    return torch.cat(to_target, dim=1), to_source
