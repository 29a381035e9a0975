"""Padded sentences through an encoder without most of their padding."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from realign.encoders.devices import in_micro_batches

GROUP = 16
"""Rows of similar length that a processor computes at a time."""


def without_padding(forward: Callable[..., Tensor], at_once: int | None, ids: Tensor, mask: Tensor) -> Tensor:
    """The output [rows, pieces, …] of `forward` for padded rows, computed for `GROUP` rows of similar length at a time.

    A group is only as wide as its longest row, and the output is 0 where padding was left out. The batch as a whole
    stays what it is, so that it has the same negatives. A GPU, for which small groups do not pay, and micro-batches
    take the rows as they are.
    """
    if ids.device.type != "cpu" or (at_once is not None and at_once < len(ids)):
        return in_micro_batches(forward, at_once, ids, mask)
    lengths = mask.sum(dim=1)
    order = lengths.argsort(stable=True)
    parts = []
    for rows in order.split(GROUP):
        width = int(lengths[rows].max())
        part = forward(ids[rows, :width], mask[rows, :width])
        parts.append(nn.functional.pad(part, (0, 0) * (part.dim() - 2) + (0, ids.shape[1] - width)))
    return torch.cat(parts)[order.argsort()]
