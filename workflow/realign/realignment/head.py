"""The realignment head: linear layers on top of the encoder, trained by realignment and then dropped."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Literal

from torch import nn

Width = int | Literal["hidden"]
"""Output width of a layer; `hidden` is that of the encoder."""


def new_head(widths: Sequence[Width], hidden: int) -> nn.Sequential:
    """Linear layers of these widths without bias, with ReLU between them (Gaschi et al. 2023 use hidden, 128).

    It maps [n, `hidden`] to [n, last width]; its weights follow from torch's seed.
    """
    sizes = [hidden, *(hidden if width == "hidden" else width for width in widths)]
    layers: list[nn.Module] = []
    for width_in, width_out in pairwise(sizes):
        layers += [nn.ReLU()] * bool(layers) + [nn.Linear(width_in, width_out, bias=False)]
    return nn.Sequential(*layers)
