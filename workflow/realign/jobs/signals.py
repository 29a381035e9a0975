"""Bring a scheduler's signals to the training inside a job, past the Snakemake that runs it."""

import os
import signal
import threading
from contextlib import suppress
from pathlib import Path

import psutil

WARNINGS = (signal.SIGUSR1, signal.SIGTERM)
"""What SLURM sends before a time limit as the profile asks it to; and what it sends at the end and on preemption."""


def pass_on_warnings() -> None:
    """From now on pass `WARNINGS` on to those processes below this one that catch them; to be called once.

    SLURM on most clusters tells only the first process of a step, which is Snakemake. The signals are read where
    Python's own handler writes them, so that Snakemake may set what it likes for SIGTERM later.
    """
    told, tell = os.pipe()
    os.set_blocking(tell, False)
    signal.signal(signal.SIGUSR1, lambda *_: None)
    signal.set_wakeup_fd(tell, warn_on_full_buffer=False)
    threading.Thread(target=_pass_on, args=(told,), daemon=True).start()


def catches(process: int, number: int) -> bool:
    """Whether a process has a handler of its own for a signal, which would otherwise end it."""
    try:
        status = Path(f"/proc/{process}/status").read_text(encoding="utf-8")
    except OSError:
        return False
    (mask,) = (line.split(":")[1] for line in status.splitlines() if line.startswith("SigCgt:"))
    return bool(int(mask, 16) >> (number - 1) & 1)


def _pass_on(told: int) -> None:
    while True:
        for number in os.read(told, 64):
            if number not in WARNINGS:
                continue
            for below in psutil.Process().children(recursive=True):
                with suppress(psutil.NoSuchProcess):
                    if catches(below.pid, number):
                        below.send_signal(number)
