"""How a call computes: with few enough threads, and without a trace in the settings of the caller's torch."""

from collections.abc import Iterator
from contextlib import contextmanager

from realign.errors import InputError
from realign.jobs.threads import idle_cores


@contextmanager
def computing(threads: int | None = None) -> Iterator[int]:
    """Compute with `threads` threads, or with as many as there are idle cores; what torch was set to comes back.

    Raises `InputError` for less than one thread.
    """
    import torch

    if threads is not None and threads < 1:
        raise InputError(f"threads: found {threads}; expected at least 1")
    chosen = threads or idle_cores()
    before, deterministic = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    filling = torch.utils.deterministic.fill_uninitialized_memory  # type: ignore[attr-defined]
    torch.set_num_threads(chosen)
    try:
        with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
            yield chosen
    finally:
        torch.set_num_threads(before)
        torch.use_deterministic_algorithms(deterministic)
        torch.utils.deterministic.fill_uninitialized_memory = filling  # type: ignore[attr-defined]
