"""Keep the memory that tensors free, instead of returning it to the system and getting it back, page by page."""

import ctypes

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
"""From glibc's malloc.h."""
LARGEST_KEPT = 32 * 2**20
"""The largest that glibc accepts; larger pieces are always the system's."""


def keep_freed_memory() -> None:
    """From now on, let this process keep what it frees; without glibc, nothing changes.

    A forward pass frees as much as it takes. By default, glibc returns much of that to the system, which then clears
    every page again: a tenth of the CPU time of scoring (benchmarks/allocator.py).
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt:
        mallopt(M_MMAP_THRESHOLD, LARGEST_KEPT)
        mallopt(M_TRIM_THRESHOLD, 2**31 - 1)
