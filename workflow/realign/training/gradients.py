"""Whether the two parts of a loss pull the model the same way: the cosine between their gradients, now and then."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor


@dataclass
class GradientLog:
    """Cosines by step, computed every so many steps; nan where one gradient is zero or memory did not suffice."""

    every: int
    cosines: dict[int, float] = field(default_factory=dict)

    def wants(self, step: int) -> bool:
        """Whether the cosine of a step is logged."""
        return step % self.every == 0


def gradient_cosine(parts: Sequence[Tensor], parameters: Sequence[Tensor]) -> Tensor:
    """The cosine between the gradients of two losses, a scalar, over the parameters that both depend on.

    The graph of the losses, the gradients that the parameters hold and the random state stay as they are.
    """
    first, second = parts
    try:
        ours = torch.autograd.grad(first, parameters, retain_graph=True, allow_unused=True)
        theirs = torch.autograd.grad(second, parameters, retain_graph=True, allow_unused=True)
        shared = [(a, b) for a, b in zip(ours, theirs, strict=True) if a is not None and b is not None]
        sums = torch.stack([torch.stack([_sum(a, b), _sum(a, a), _sum(b, b)]) for a, b in shared]).sum(dim=0)
    except torch.OutOfMemoryError:  # halving the batch would change the rounding of the results
        return torch.full((), math.nan, dtype=torch.float64, device=first.device)
    return sums[0] / (sums[1] * sums[2]).sqrt()


def _sum(a: Tensor, b: Tensor) -> Tensor:
    """The inner product of two gradients, which may be sparse in their rows."""
    if b.is_sparse and not a.is_sparse:
        return _sum(b, a)
    if a.is_sparse:
        a = a.coalesce()
        if b.is_sparse:
            return (a * b.coalesce()).coalesce().values().sum(dtype=torch.float64)
        return (a.values() * b[a.indices()[0]]).sum(dtype=torch.float64)
    return (a * b).sum(dtype=torch.float64)
