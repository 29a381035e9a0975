"""Open text files so that errors name the file and line, and write them so that nothing half-written stays."""

import hashlib
import os
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from realign.errors import InputError


def read_lines(path: Path) -> Iterator[str]:
    """Lines without their ends and a byte order mark, NFC-normalised; raises `InputError` when missing or not UTF-8."""
    number = 0
    try:
        with open(path, encoding="utf-8-sig", newline="\n") as lines:
            for line in lines:
                number += 1
                yield unicodedata.normalize("NFC", line.rstrip("\r\n"))
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not UTF-8 near line {number + 1} ({error.reason})") from None


def sha256_of(path: Path) -> str:
    """Hexadecimal sha256 of a file."""
    with open(path, "rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """A name to write to; the file moves to `path` when the block ends without an error, else it is deleted."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        yield temporary
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def atomic_writer(path: Path) -> Iterator[TextIO]:
    """A UTF-8 file that appears under `path` whole, when the block ends without an error, or not at all."""
    with atomic_path(path) as temporary, open(temporary, "w", encoding="utf-8", newline="\n") as out:
        yield out
