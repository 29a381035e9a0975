"""The device that computes, its precision, and seeds: everything that decides speed and reproducibility."""

import os
from contextlib import AbstractContextManager, nullcontext
from typing import Literal

import numpy as np
import torch

Precision = Literal["auto", "float32", "bfloat16"]


def pick_device() -> torch.device:
    """The first visible GPU, or the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def has_fast_bfloat16(device: torch.device) -> bool:
    """Whether the device multiplies bfloat16 matrices in hardware."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    capabilities = torch.cpu.get_capabilities()
    return bool(capabilities.get("amx_bf16"))


def autocast(device: torch.device, precision: Precision) -> AbstractContextManager[None]:
    """bfloat16 autocast when asked for, or when `auto` and the device is made for it; else float32."""
    if precision == "bfloat16" or (precision == "auto" and has_fast_bfloat16(device)):
        return torch.autocast(device.type, dtype=torch.bfloat16)
    return nullcontext()


def use_threads(threads: int) -> None:
    """Compute with this many CPU threads, so that parallel jobs do not fight over cores."""
    torch.set_num_threads(threads)


def seed_everything(seed: int) -> np.random.Generator:
    """Seed torch, choose deterministic algorithms, and return a generator for the order of the data."""
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.use_deterministic_algorithms(True)
    torch.manual_seed(seed)
    return np.random.default_rng(seed)
