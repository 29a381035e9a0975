"""Read text files with errors that name file and line, and write files without leaving anything half-written."""

import hashlib
import os
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from realign.errors import InputError

BYTE_ORDER_MARK = "\ufeff"
RESULTS = "results"
SUMS = ".sums"
"""The folder in `results/` that holds the sha256 of every artifact, under the artifact's own path."""


def read_lines(path: Path) -> Iterator[str]:
    """Lines without their ends (LF or CR LF) and byte order marks, NFC-normalised.

    Raises `InputError` for a missing, unreadable or damaged file, one that is not UTF-8, and a carriage return inside a
    line, which some programs read as a line break.
    """
    number = 0
    with reading(path):
        verify(path)
        with open(path, encoding="utf-8", newline="\n") as lines:
            try:
                for line in lines:
                    number += 1
                    line = line.removesuffix("\n").removesuffix("\r")
                    if "\r" in line:
                        raise InputError(f"{path}:{number}: a carriage return in the line; lines end with LF or CR LF")
                    yield unicodedata.normalize("NFC", line.replace(BYTE_ORDER_MARK, ""))
            except UnicodeDecodeError as error:
                raise InputError(f"{path}: not UTF-8 near line {number + 1} ({error.reason})") from None


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn the system's errors while reading a file into one sentence."""
    try:
        yield
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except IsADirectoryError:
        raise InputError(f"{path}: a directory; expected a file") from None
    except PermissionError:
        raise InputError(f"{path}: no permission to read it") from None


def split_words(line: str) -> list[str]:
    """The words of a line, separated by spaces and tabs, as in fast_align; other Unicode spaces are part of words."""
    return [word for word in line.replace("\t", " ").split(" ") if word]


def sha256_of(path: Path) -> str:
    """Hexadecimal sha256 of a file."""
    with open(path, "rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def sum_of(path: Path) -> Path | None:
    """The file that holds the sha256 of an artifact under `results/`; None for files elsewhere."""
    if RESULTS not in path.parts:
        return None
    place = len(path.parts) - 1 - path.parts[::-1].index(RESULTS)
    return Path(*path.parts[: place + 1], SUMS, *path.parts[place + 1 :])


def entry_sum(link: Path) -> Path:
    """The file that holds the sha256 of the entry in a shared cache that `link` points to."""
    entry = link.resolve()
    return entry.with_name(SUMS) / entry.name


def verify(path: Path) -> None:
    """Raise `InputError` when an artifact, or an entry of a shared cache, differs from what was written.

    Files without a recorded sha256 pass.
    """
    record = entry_sum(path) if path.is_symlink() else sum_of(path)
    if record is None or not record.is_file():
        return
    if record.read_text(encoding="ascii", errors="replace").strip() != sha256_of(path):
        where = f"{path} (in the cache: {path.resolve()})" if path.is_symlink() else str(path)
        raise InputError(f"{where}: damaged or changed since it was made; delete it and run again to remake it")


def umask() -> int:
    """The umask of this process, which can only be read by setting it."""
    mask = os.umask(0o022)
    os.umask(mask)
    return mask


def record_sum(path: Path, digest: str) -> None:
    """Store the sha256 of an artifact for `verify`."""
    record = sum_of(path)
    if record is not None:
        record.parent.mkdir(parents=True, exist_ok=True)
        temporary = record.with_name(f".{record.name}.{os.getpid()}.tmp")
        temporary.write_text(digest + "\n", encoding="ascii")
        os.replace(temporary, record)


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """A temporary path to write to; it moves to `path` when the block ends without an error, else it is deleted.

    The sha256 of an artifact under `results/` is recorded.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        yield temporary
        record_sum(path, sha256_of(temporary))
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def atomic_writer(path: Path) -> Iterator[TextIO]:
    """A UTF-8 file that appears at `path` in full when the block ends without an error, or else not at all."""
    with atomic_path(path) as temporary, open(temporary, "w", encoding="utf-8", newline="\n") as out:
        yield out
