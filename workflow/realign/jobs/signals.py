"""Pass a scheduler's signals on to the training inside a job, and end in one line after Ctrl-C."""

import os
import signal
import sys
import threading
from contextlib import suppress
from pathlib import Path
from types import TracebackType

import psutil

WARNINGS = (signal.SIGUSR1, signal.SIGTERM)
"""What SLURM sends before the time limit, as the profile requests; and what it sends at the limit and to preempt."""


def pass_on_warnings() -> None:
    """From now on, pass `WARNINGS` on to all processes below this one that catch them; to be called once.

    On most clusters, SLURM signals only the first process of a step, which is Snakemake. The signals are read from
    Python's wake-up descriptor, so that Snakemake may set any handler for SIGTERM later.
    """
    read_end, write_end = os.pipe()
    os.set_blocking(write_end, False)
    signal.signal(signal.SIGUSR1, lambda *_: None)
    signal.set_wakeup_fd(write_end, warn_on_full_buffer=False)
    threading.Thread(target=_pass_on, args=(read_end,), daemon=True).start()


def stop_in_one_line() -> None:
    """From now on, end with one line, not a traceback, when Ctrl-C interrupts this process outside of any job."""
    others = sys.excepthook

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            print("stopped by Ctrl-C", file=sys.stderr)
        else:
            others(kind, error, trace)

    sys.excepthook = hook


def catches(process: int, number: int) -> bool:
    """Whether a process has a handler of its own for a signal, which would otherwise end it."""
    try:
        status = Path(f"/proc/{process}/status").read_text(encoding="utf-8")
    except OSError:
        return False
    (mask,) = (line.split(":")[1] for line in status.splitlines() if line.startswith("SigCgt:"))
    return bool(int(mask, 16) >> (number - 1) & 1)


def _pass_on(read_end: int) -> None:
    while True:
        for number in os.read(read_end, 64):
            if number not in WARNINGS:
                continue
            for below in psutil.Process().children(recursive=True):
                with suppress(psutil.NoSuchProcess):
                    if catches(below.pid, number):
                        below.send_signal(number)
