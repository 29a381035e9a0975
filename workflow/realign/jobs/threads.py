"""How many threads to compute with: as many as there are idle cores."""

import os

import psutil


def available_cores() -> int:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1  # macOS


def idle_cores() -> int:
    """The physical cores that this process may use and that nobody used in the last minute; at least 1.

    Threads that wait for a busy core make a training step several times slower than one thread would. The variable
    OMP_NUM_THREADS, if it is set, says the number instead.
    """
    said = os.environ.get("OMP_NUM_THREADS", "")
    if said.isdecimal() and int(said) > 0:
        return int(said)
    physical = psutil.cpu_count(logical=False) or available_cores()
    return max(1, min(physical, available_cores()) - round(os.getloadavg()[0]))
