"""Let Snakemake measure jobs where the system does not count what a process reads and writes, as on macOS."""

from typing import NoReturn

import psutil


def measure_without_io_counters() -> None:
    """Give processes the method that psutil omits; it says that it is not implemented, which Snakemake expects.

    Otherwise, Snakemake would measure neither memory nor CPU time, and warn of it after each job.
    """
    if not hasattr(psutil.Process, "io_counters"):
        psutil.Process.io_counters = _no_io_counters


def _no_io_counters(process: psutil.Process) -> NoReturn:
    raise NotImplementedError
