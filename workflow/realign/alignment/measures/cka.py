"""Linear centred kernel alignment: how alike the two sides' similarities between words are (Kornblith et al. 2019).

Unlike retrieval, it does not compare words of one side with words of the other, and no rotation changes it. It is
higher over fewer pairs, so that only scores over as many pairs can be compared.
"""

from collections.abc import Collection, Iterator

import torch
from torch import Tensor

from realign.alignment.pairs import Pairs, Side, both_ways
from realign.alignment.records import Direction

ROUNDING = 1e-12
"""Share of a sum of squares below which it is taken for 0."""


def scores(pairs: Pairs, measures: Collection[str]) -> dict[tuple[Direction, str], Tensor]:
    """CKA [sets], the same in both directions; 0 if all vectors of a side are the same.

    With the centred matrices of inner products K and L of the two sides: ⟨K, L⟩ / (‖K‖ ‖L‖).
    """
    sources, targets = _inner_products(pairs, "source"), _inner_products(pairs, "target")
    sums = torch.zeros(3, pairs.sets, dtype=torch.float64, device=pairs.source.device)  # of K∘L, K∘K, L∘L
    rows: list[tuple[Tensor, Tensor]] = []  # row sums of K and of L
    for of_source, of_target in zip(sources, targets, strict=True):
        products = (of_source * of_target, of_source * of_source, of_target * of_target)
        sums += torch.stack([product.sum(dim=(1, 2)) for product in products])
        rows.append((of_source.sum(dim=2), of_target.sum(dim=2)))
    k_rows, l_rows = (torch.cat(side, dim=1) for side in zip(*rows, strict=True))  # [sets, n]
    shared, own_k, own_l = (
        total - 2 / pairs.n * (a * b).sum(dim=1) + a.sum(dim=1) * b.sum(dim=1) / pairs.n**2
        for total, a, b in zip(sums, (k_rows, k_rows, l_rows), (l_rows, k_rows, l_rows), strict=True)
    )
    varies = (own_k > ROUNDING * sums[1]) & (own_l > ROUNDING * sums[2])
    score = torch.where(varies, shared / torch.where(varies, own_k * own_l, 1.0).sqrt(), 0.0)
    return both_ways(score, measures)


def _inner_products(pairs: Pairs, side: Side) -> Iterator[Tensor]:
    """Rows of the inner products within a side, [sets, rows, n] in float64."""
    lengths = getattr(pairs, side).double().norm(dim=2)  # [sets, n]
    for start, cosines in pairs.cosines(side, side):
        own = lengths[:, start : start + cosines.shape[1], None]
        yield cosines.double() * own * lengths[:, None]
