"""Read large remote files from the beginning, as far as needed: text, gzip and zip, by range requests."""

import gzip
import hashlib
import io
import time
import zipfile
import zlib
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

import requests

from realign.errors import InputError
from realign.sources.fetching import retrying
from realign.sources.web import TIMEOUT, check_answer, download, explained_download

BLOCK = 1 << 22
"""Bytes of a request."""
KEPT = 4
"""How many blocks stay in memory: two members of a zip file are read at a time."""


class RemoteFile(io.RawIOBase):
    """A file on a web server, fetched block by block when it is read; a broken connection is tried again.

    Raises `InputError` when the server has no such file, cannot be reached, or the file changes while it is read.
    `whole` is true when the server does not serve parts; then nothing can be read.
    """

    def __init__(self, url: str, sleep: Callable[[float], None] = time.sleep) -> None:
        self.url, self.sleep, self.position = url, sleep, 0
        self.size: int | None = None
        self.etag, self.whole = "", False
        self.blocks: OrderedDict[int, bytes] = OrderedDict()
        self._block(0)

    def readable(self) -> bool:
        """Yes."""
        return True

    def seekable(self) -> bool:
        """Yes."""
        return True

    def tell(self) -> int:
        """The position in bytes."""
        return self.position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move to a position in bytes."""
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self.position, io.SEEK_END: self.size or 0}[whence]
        self.position = max(0, start + offset)
        return self.position

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Read bytes into a buffer, at most to the end of a block."""
        if self.position >= (self.size or 0):
            return 0
        number, start = divmod(self.position, BLOCK)
        found = self._block(number)[start : start + len(buffer)]
        buffer[: len(found)] = found
        self.position += len(found)
        return len(found)

    def _block(self, number: int) -> bytes:
        if number not in self.blocks:
            with explained_download(self.url):
                self.blocks[number] = retrying(lambda: self._fetch(number * BLOCK), self.url, self.sleep)
            while len(self.blocks) > KEPT:
                self.blocks.popitem(last=False)
        self.blocks.move_to_end(number)
        return self.blocks[number]

    def _fetch(self, start: int) -> bytes:
        last = start + BLOCK if self.size is None else min(start + BLOCK, self.size)
        headers = {"Accept-Encoding": "identity", "Range": f"bytes={start}-{last - 1}"}
        headers |= {"If-Range": self.etag} if self.etag else {}
        with requests.get(self.url, headers=headers, stream=True, timeout=TIMEOUT) as answer:
            if self.size is None and answer.status_code == requests.codes.requested_range_not_satisfiable:
                self.size = 0  # an empty file has no first byte
                return b""
            check_answer(answer)
            if answer.status_code != requests.codes.partial_content:
                if self.size is not None:
                    raise InputError(f"{self.url}: the file changed while it was read; run again")
                self.whole = True
                return b""
            size = int(answer.headers["Content-Range"].rpartition("/")[2])
            if self.size not in (None, size):
                raise InputError(f"{self.url}: the file changed while it was read; run again")
            etag = answer.headers.get("ETag", "")
            self.size, self.etag = size, etag if etag.startswith('"') else ""
            content = b"".join(answer.iter_content(1 << 16))
        if len(content) < min(last, size) - start:
            raise requests.ConnectionError(f"{len(content)} of {min(last, size) - start} bytes arrived")
        return content


@contextmanager
def opened(url: str, folder: Path, *, whole: bool) -> Iterator[IO[bytes]]:
    """A remote file for reading from the beginning.

    With `whole`, or when the server does not serve parts, it is downloaded to `folder` first, where a later attempt
    continues, and deleted afterwards.
    """
    remote = None if whole else RemoteFile(url)
    if remote is not None and not remote.whole:
        with io.BufferedReader(remote) as content:
            yield content
        return
    path = folder / f".{hashlib.sha256(url.encode()).hexdigest()[:16]}.download"
    try:
        download(url, path)
        with open(path, "rb") as content:
            yield content
    finally:
        path.unlink(missing_ok=True)


@contextmanager
def lines_of(url: str, folder: Path, *, whole: bool) -> Iterator[Iterator[str]]:
    """The lines of a remote text file, which may be compressed with gzip (`.gz`)."""
    with opened(url, folder, whole=whole) as content:
        yield _lines(gzip.GzipFile(fileobj=content) if url.endswith(".gz") else content, url)


@contextmanager
def lines_of_members(url: str, folder: Path, *endings: str, whole: bool) -> Iterator[list[Iterator[str]]]:
    """The lines of the members of a remote zip file whose names have these endings, one member for each ending."""
    with ExitStack() as stack:
        content = stack.enter_context(opened(url, folder, whole=whole))
        try:
            archive = stack.enter_context(zipfile.ZipFile(content))
        except zipfile.BadZipFile:
            raise InputError(f"{url}: not a zip file") from None
        names = []
        for ending in endings:
            found = [name for name in archive.namelist() if name.endswith(ending)]
            if len(found) != 1:
                there = ", ".join(archive.namelist())
                raise InputError(f"{url}: expected one file that ends in {ending!r}, found {len(found)} among {there}")
            names += found
        yield [_lines(stack.enter_context(archive.open(name)), f"{url} ({name})") for name in names]


def _lines(content: IO[bytes] | gzip.GzipFile, what: str) -> Iterator[str]:
    number = 0
    try:
        for line in content:
            number += 1
            yield line.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError(f"{what}: line {number} is not UTF-8 ({error.reason})") from None
    except (EOFError, gzip.BadGzipFile, zipfile.BadZipFile, zlib.error) as error:
        raise InputError(f"{what}: damaged after line {number} ({error})") from None
