"""Let one run at a time work in a folder or on a device, by a lock that the kernel releases when its process dies."""

import fcntl
from pathlib import Path
from typing import IO

from realign.errors import InputError

_held: list[IO[str]] = []


def claim_folder(lock: Path) -> None:
    """Hold `lock` until this process ends; raises `InputError` when another process holds it."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    if not hold(lock):
        raise InputError(f"another run is at work in this folder (it holds {lock}); wait for it or stop it")


def hold(lock: Path) -> bool:
    """Hold `lock` until this process ends, or say at once that another process holds it.

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
    """Whether a process holds `lock`; asking neither creates the file nor keeps it."""
    try:
        with open(lock, encoding="utf-8") as handle:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False
