"""MEXA: how often a sentence and its translation are each other's nearest neighbours (Kargaran et al. 2024)."""

from collections.abc import Collection

import torch
from torch import Tensor

from realign.alignment.pairs import Pairs, both_ways, without_own
from realign.alignment.records import Direction


def scores(pairs: Pairs, measures: Collection[str]) -> dict[tuple[Direction, str], Tensor]:
    """Share [sets] of pairs whose cosine is higher than all others of both, the same in both directions.

    A tie counts as a miss.
    """
    own, of_source = [], []
    of_target = torch.full_like(pairs.target[:, :, 0], -torch.inf)
    for start, cosines in pairs.cosines("source", "target"):
        others = without_own(cosines, start)
        own.append(cosines.diagonal(start, dim1=1, dim2=2))
        of_source.append(others.amax(dim=2))
        of_target = torch.maximum(of_target, others.amax(dim=1))
    nearest = torch.maximum(torch.cat(of_source, dim=1), of_target)
    share = (torch.cat(own, dim=1) > nearest).double().mean(dim=1)
    return both_ways(share, measures)
