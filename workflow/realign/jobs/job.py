"""The surroundings of a job: its log, its threads, and how a user's mistake is reported."""

import errno
import gc
import os
import re
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from io import TextIOWrapper
from pathlib import Path
from typing import NoReturn

import psutil

from realign.errors import InputError
from realign.jobs.memory import keep_freed_memory

_FULL = re.compile(
    r"no space left|disk quota exceeded|os error (28|122)\b|PytorchStreamWriter failed writing|unexpected pos \d+ vs",
    re.IGNORECASE,
)
"""How libraries report a full disk: in the system's words or, like torch, by what they could not write."""

at_end: list[Callable[[], None]] = []
"""Called at the end of a job."""


def seconds_since_start() -> float:
    """Seconds since this process started, imports included."""
    return time.time() - psutil.Process().create_time()


class ShortLog(TextIOWrapper):
    """Standard error in a log, where a progress bar overwrites itself as on a terminal.

    The log of a failed job then shows one line for each bar instead of thousands.
    """

    def __init__(self) -> None:
        super().__init__(open(2, "wb", buffering=0, closefd=False), encoding="utf-8", write_through=True)  # noqa: SIM115
        self._bar = range(0)

    def write(self, text: str) -> int:
        """Write at the end; a bar, which begins with a carriage return, replaces itself if nothing came after it."""
        if not text:
            return 0
        start = os.lseek(2, 0, os.SEEK_END)
        if text.startswith("\r") and start == self._bar.stop:
            start = self._bar.start
            os.ftruncate(2, start)
            os.lseek(2, start, os.SEEK_SET)
        elif start == self._bar.stop and start and not text.startswith("\n"):
            super().write("\n")  # end the line of a bar that an error has interrupted
        written = super().write(text)
        self._bar = range(start, os.lseek(2, 0, os.SEEK_CUR)) if text.startswith("\r") else range(0)
        return written


@cache
def short_log() -> ShortLog:
    """The one such log of this process, because libraries keep what standard error is when they are imported."""
    return ShortLog()


def set_environment(threads: int, *, online: bool = False) -> None:
    """What libraries read when they are imported: the number of threads, and whether they may use the network."""
    for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "RAYON_NUM_THREADS"):
        os.environ[variable] = str(threads)
    os.environ.update(TOKENIZERS_PARALLELISM="false" if threads == 1 else "true")
    if not online:
        os.environ["HF_HUB_OFFLINE"] = "1"
    # importing torch and transformers makes hundreds of thousands of objects that stay; collecting garbage among them
    # repeatedly would take a quarter of the import time
    gc.set_threshold(100_000)


@contextmanager
def job(log: str, threads: int = 1, *, online: bool = False) -> Iterator[Callable[[str], None]]:
    """Send all output to `log`, compute with `threads` threads, stay offline, and report mistakes in one sentence.

    The block gets a function that shows a warning on the terminal and in the log. Only jobs that fetch are `online`.
    `InputError` and a full disk exit with status 1 and one line on the terminal; anything else is a defect, whose
    traceback is in the log. The process ends with the block; code after it never runs.
    """
    set_environment(threads, online=online)
    keep_freed_memory()
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)  # a library that prompts for input gets none
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)  # SLURM's warning before the time limit is for trainings
    Path(log).parent.mkdir(parents=True, exist_ok=True)
    terminal = os.dup(2)
    with open(log, "w", encoding="utf-8", buffering=1) as out:
        sys.stdout.flush()
        sys.stderr.flush()
        os.dup2(out.fileno(), 1)
        os.dup2(out.fileno(), 2)
    sys.stderr = short_log()

    def warn(sentence: str) -> None:
        print(f"warning: {sentence}", file=sys.stderr)
        os.write(terminal, f"warning: {sentence}\n".encode())

    try:
        yield warn
    except KeyboardInterrupt:
        print("error: stopped by Ctrl-C", file=sys.stderr)
        _end(130)
    except Exception as error:  # _sentence distinguishes mistakes from defects
        sentence = _sentence(error)
        if sentence is None:
            traceback.print_exc()
            sentence = f"{type(error).__name__}: {error} (a defect; the traceback is in {log})"
        else:
            print(f"error: {sentence}", file=sys.stderr)
        os.write(terminal, f"error: {sentence}\n".encode())
        _end(1)
    _end(0)


def _end(status: int) -> NoReturn:
    """End this process at once: unloading torch and transformers first would cost a short job an eighth of its time."""
    for call in at_end:
        call()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def _sentence(error: Exception) -> str | None:
    """The message of a foreseen error, or None for a defect."""
    if isinstance(error, InputError):
        return str(error)
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        what = "the disk is full" if error.errno == errno.ENOSPC else "the disk quota is used up"
        return f"{what} while writing {error.filename or 'a file'}; free some space and run again"
    if isinstance(error, OSError) and error.errno in (errno.EACCES, errno.EPERM, errno.EROFS) and error.filename:
        return f"{error.filename}: {error.strerror}; a study needs a folder of your own"
    if _FULL.search(str(error)):
        first = str(error).strip().splitlines()[0]
        return f"the disk is full or its quota used up while writing a file; free some space and run again ({first})"
    if type(error).__name__ == "OutOfMemoryError":  # torch's error, by name to avoid importing torch
        return f"the GPU's memory is full; lower a batch_size or max_length ({str(error).split('. ')[0]})"
    return None
