"""Average neuron-wise correlation: whether single dimensions react alike to translations (Del and Fishel 2022)."""

from collections.abc import Collection

import torch
from torch import Tensor

from realign.alignment.pairs import Pairs, both_ways
from realign.alignment.records import Direction


def scores(pairs: Pairs, measures: Collection[str]) -> dict[tuple[Direction, str], Tensor]:
    """Pearson's correlation over pairs, averaged over dimensions: [sets], the same in both directions.

    A dimension without variance on a side has the correlation 0.
    """
    x, y = (side - side.mean(dim=1, keepdim=True) for side in (pairs.source, pairs.target))
    shared, own = (x * y).sum(dim=1), (x * x).sum(dim=1) * (y * y).sum(dim=1)  # [sets, hidden]
    correlation = torch.where(own > 0, shared / own.sqrt(), 0.0)
    return both_ways(correlation.mean(dim=1), measures)
