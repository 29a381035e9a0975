"""Device, precision and seeds: everything that determines speed and reproducibility."""

import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Literal, TypeVar

import numpy as np
import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from realign.encoders.precision import Precision

Item = TypeVar("Item")
Batch = Any
"""A tensor, None, or a (named) tuple of batches."""


def pick_device() -> torch.device:
    """The first visible GPU, or the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def has_fast_bfloat16(device: torch.device) -> bool:
    """Whether the device multiplies bfloat16 matrices in hardware faster than float32 ones.

    With AVX512-BF16 but without AMX, AMD's processors do and Intel's do not (benchmarks/precision.py).
    """
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    processor = torch.cpu.get_capabilities()
    avx512_on_amd = processor.get("avx512_bf16") and str(processor.get("cpu_name")).startswith("AMD")
    return bool(processor.get("amx_bf16") or avx512_on_amd)


def computed_precision(device: torch.device, precision: Precision) -> Literal["float32", "bfloat16"]:
    """The precision that `auto` selects on a device; any other value is returned as it is."""
    if precision == "auto":
        return "bfloat16" if has_fast_bfloat16(device) else "float32"
    return precision


def autocast(device: torch.device, precision: Precision) -> AbstractContextManager[None]:
    """bfloat16 autocast if it is requested, or if `auto` selects it on the device; else float32."""
    if computed_precision(device, precision) == "bfloat16":
        return torch.autocast(device.type, dtype=torch.bfloat16)
    return nullcontext()


def use_threads(threads: int) -> None:
    """Compute with this many CPU threads, so that parallel jobs do not compete for cores."""
    torch.set_num_threads(threads)


def seed_everything(seed: int) -> np.random.Generator:
    """Seed torch, choose deterministic algorithms, and return a generator for the order of the data."""
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.use_deterministic_algorithms(True)
    # only useful for finding bugs, and as expensive as the matrix products of a small model
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    torch.manual_seed(seed)
    return np.random.default_rng(seed)


def each_tensor(function: Callable[[Tensor], Tensor], batch: Batch) -> Batch:
    """A batch with `function` applied to every tensor in it."""
    if isinstance(batch, Tensor):
        return function(batch)
    if batch is None:
        return None
    parts = [each_tensor(function, part) for part in batch]
    return type(batch)(*parts) if hasattr(batch, "_fields") else tuple(parts)


def fed(batches: Iterator[Batch], device: torch.device) -> Iterator[Batch]:
    """Batches on the device; for a GPU, a thread makes them ahead, and pinned memory makes the copy asynchronous."""
    if device.type != "cuda":
        return batches
    pinned = (each_tensor(Tensor.pin_memory, batch) for batch in batches)
    return (each_tensor(lambda tensor: tensor.to(device, non_blocking=True), batch) for batch in made_ahead(pinned))


def made_ahead(items: Iterator[Item], ahead: int = 2) -> Iterator[Item]:
    """The items in order, each made by a thread while earlier ones are in use."""
    with ThreadPoolExecutor(1) as thread:
        coming = deque(thread.submit(next, items, None) for _ in range(ahead))
        while (item := coming.popleft().result()) is not None:
            coming.append(thread.submit(next, items, None))
            yield item


def in_micro_batches(forward: Callable[..., Tensor], at_once: int | None, *inputs: Tensor | None) -> Tensor:
    """The output of `forward` for all rows, computed for at most `at_once` rows at a time.

    The backward pass computes a micro-batch's activations again when it needs them (Chen et al. 2016). Only one
    micro-batch is in memory, but the loss sees the whole batch. The gradient is therefore that of the whole batch, even
    if rows are each other's negatives.
    """
    total = next(len(tensor) for tensor in inputs if tensor is not None)
    if at_once is None or at_once >= total:
        return forward(*inputs)
    parts = [
        checkpoint(
            forward,
            *(None if tensor is None else tensor[start : start + at_once] for tensor in inputs),
            use_reentrant=False,
        )
        for start in range(0, total, at_once)
    ]
    return torch.cat(parts)
