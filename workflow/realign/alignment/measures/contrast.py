"""The mean cosine of translations, less that of words that are not: what all words share does not count."""

from collections.abc import Collection

import torch
from torch import Tensor

from realign.alignment.pairs import Pairs, both_ways
from realign.alignment.records import Direction


def scores(pairs: Pairs, measures: Collection[str]) -> dict[tuple[Direction, str], Tensor]:
    """Mean cosine of x_i and y_i, minus that of all x_i and y_j with i ≠ j: [sets], the same in both directions.

    A single pair has nothing to be compared with, and the score 0.
    """
    x, y = pairs.units["source"], pairs.units["target"]
    own = (x * y).sum(dim=(1, 2), dtype=torch.float64)
    x_sum, y_sum = (side.sum(dim=1, dtype=torch.float64) for side in (x, y))
    others = (x_sum * y_sum).sum(dim=1) - own  # the sum over all i and j, without i = j
    n = pairs.n
    difference = own / n - others / (n * (n - 1)) if n > 1 else own * 0.0
    return both_ways(difference, measures)
