"""The squared distance between translations (Cao et al. 2020)."""

from torch import Tensor, nn


def loss(words: Tensor, links: Tensor, is_source: Tensor) -> Tensor:  # noqa: ARG001
    """The mean squared difference of linked words, over all links and dimensions; a scalar.

    `words` is [n, hidden]; `links` is [p, 2], indices of source and target words; `is_source` [n] is not needed.
    """
    return nn.functional.mse_loss(words[links[:, 0]].float(), words[links[:, 1]].float())
