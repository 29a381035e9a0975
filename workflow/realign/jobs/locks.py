"""Let one run at a time work in a folder or on a device, with a lock that the kernel releases when its process dies."""

import errno
import fcntl
import os
import shutil
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import IO

from realign.errors import InputError

_held: list[IO[str]] = []
ROOM = 1 << 20
"""Bytes that must be free for Snakemake's own records, which it writes in dry runs too."""


def check_folder(records: Path, results: Path) -> None:
    """Raise `InputError` unless Snakemake can write to `records`, and `results` can be a folder.

    Snakemake would end in a traceback, in a dry run too.
    """
    for folder in (records, results):
        if folder.exists() and not folder.is_dir():
            raise InputError(f"{folder}: a file; expected a folder, or nothing yet")
    probe = records / "realign.probe"
    try:
        records.mkdir(exist_ok=True)
        probe.write_bytes(os.urandom(ROOM))
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise InputError(
                f"{records}: the disk is full or its quota used up, and Snakemake writes there, in a dry run too; "
                "free some space and run again"
            ) from None
        raise InputError(
            f"{records}: cannot be written ({error.strerror}), as Snakemake does, in a dry run too; "
            "a study needs a folder of your own"
        ) from None
    finally:
        with suppress(OSError):
            probe.unlink()


def claim_folder(lock: Path) -> None:
    """Hold `lock` until this process ends; raises `InputError` when another process holds it."""
    try:
        lock.parent.mkdir(parents=True, exist_ok=True)
        open(lock, "a", encoding="utf-8").close()
    except OSError as error:
        raise InputError(f"{lock}: cannot be written ({error.strerror}); a study needs a folder of your own") from None
    for _ in range(5):  # `is_held` holds the lock for an instant to check it
        if hold(lock):
            return
        time.sleep(0.1)
    raise InputError(f"another run is at work in this folder (it holds {lock}); wait for it or stop it")


def refuse_left_jobs(folder: Path) -> None:
    """Raise `InputError` if SLURM still has jobs of a killed run in `folder`, which could not cancel them."""
    if not shutil.which("squeue"):
        return
    command = ["squeue", "--noheader", f"--user={os.getuid()}", "--format=%i|%k|%Z"]
    try:
        listed = subprocess.run(command, capture_output=True, text=True, timeout=20, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return  # no cluster behind the command
    rows = [line.split("|", 2) for line in listed.splitlines()]
    left = [job for job, comment, place in rows if comment.startswith("rule_") and Path(place) == folder]
    if left:
        raise InputError(
            "jobs of an earlier run in this folder are still in SLURM's queue; "
            f"wait for them, or `scancel {' '.join(left)}`"
        )


def hold(lock: Path) -> bool:
    """Hold `lock` until this process ends; returns False at once if another process holds it.

    Unlike a lock file that must be removed, it cannot be left behind by a killed process.
    """
    handle = open(lock, "w", encoding="utf-8")  # noqa: SIM115 (open until the process ends)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        handle.close()
        return False
    _held.append(handle)
    return True


def is_held(lock: Path) -> bool:
    """Whether a process holds `lock`; checking neither creates the file nor keeps the lock."""
    try:
        with open(lock, encoding="utf-8") as handle:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False
