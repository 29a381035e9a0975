"""Tell how far a run is while it runs: above the display on a terminal, and elsewhere by a line now and then."""

import sys
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from threading import Event, Thread
from typing import Any

import psutil

from realign.jobs.progress import Run, last_run, summary

SHOWN_EVERY, PRINTED_EVERY = 5.0, 60.0
"""Seconds between looks at the log, on a terminal and elsewhere."""
LONGEST_SILENCE = 10
"""After so many looks a line is printed even if no job has ended."""


def tell(folder: Path, more: str, handlers: Iterable[Any]) -> None:
    """Start a thread that tells how far the run in a folder is; `more` names the command that says more.

    `handlers` are Snakemake's log handlers: that of snakemake-logger-plugin-rich has the display of a terminal.
    """
    Thread(target=_tell, args=(folder, more, panel_of(handlers)), daemon=True).start()


def _tell(folder: Path, more: str, panel: Any) -> None:
    process_start = int(psutil.Process().create_time())
    silent, told, never = 0, 0, Event()
    while True:
        never.wait(SHOWN_EVERY if panel else PRINTED_EVERY)
        run = _current(folder, process_start)
        if run is None:
            continue
        said = f"{summary(run, datetime.now())}; {more} says more"
        done = len(run.total().done)
        silent = silent + 1 if done == told else 0
        if panel:
            panel.title = said
        elif done != told or silent >= LONGEST_SILENCE:
            print(f"{datetime.now():%H:%M} {said}", file=sys.stderr, flush=True)
            silent = 0
        told = done


def panel_of(handlers: Iterable[Any]) -> Any:
    """The panel around the live display of snakemake-logger-plugin-rich, if it is on a terminal; else None."""
    for handler in handlers:
        display = getattr(handler, "live_display", None)
        if display is not None and display.console.is_terminal:
            return display.renderable
    return None


def _current(folder: Path, process_start: int) -> Run | None:
    """The run that this process has started, while it goes on; Snakemake's log dates it in whole seconds."""
    run = last_run(folder)
    if run is None or not run.counts or run.ending or run.started.timestamp() < process_start:
        return None
    return run
