"""The contrastive loss of realignment: a translation against all other words of the batch (Wu and Dredze 2020)."""

from typing import Literal

import torch
from torch import Tensor, nn

Strength = Literal["weak", "strong"]


def loss(
    words: Tensor, links: Tensor, is_source: Tensor, *, temperature: float = 0.1, strength: Strength = "strong"
) -> Tensor:
    """-log softmax of cos/τ at the translation, averaged over all links in both directions; a scalar.

    `words` is [n, hidden], all words of the batch's sentences; `links` is [p, 2], indices of source and target words;
    `is_source` is [n]. Strong: the candidates for x are all words except x. Weak: only the words of the other side.
    """
    queries = torch.cat([links[:, 0], links[:, 1]])  # [2p]
    targets = torch.cat([links[:, 1], links[:, 0]])
    with torch.autocast(words.device.type, enabled=False):  # similarities near 1 need float32
        unit = nn.functional.normalize(words.float(), dim=-1)
        similarity = unit[queries] @ unit.T / temperature  # [2p, n]
    if strength == "strong":
        excluded = nn.functional.one_hot(queries, len(words)).bool()
    else:
        excluded = is_source[queries].unsqueeze(1) == is_source.unsqueeze(0)
    return nn.functional.cross_entropy(similarity.masked_fill(excluded, -torch.inf), targets)
