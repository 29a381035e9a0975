"""Download single files by URL, resuming after a broken connection."""

import glob
import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

from realign.errors import InputError
from realign.sources.fetching import retrying
from realign.text.files import record_sum, sha256_of

TIMEOUT = 30.0
"""Seconds without a byte after which a connection counts as broken."""


def download(url: str, path: Path, sha256: str | None = None, sleep: Callable[[float], None] = time.sleep) -> str:
    """Write the file at `url` to `path` and return its sha256; an unfinished download of the same URL is resumed.

    Raises `InputError` when the server has no such file, cannot be reached, or the sha256 is not the expected one.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{hashlib.sha256(url.encode()).hexdigest()[:16]}.part")
    with explained_download(url):
        retrying(lambda: _continue(url, partial), url, sleep)
    found = sha256_of(partial)
    if sha256 is not None and found != sha256:
        _forget(path)
        raise InputError(f"{url}: sha256 is {found}, expected {sha256}")
    record_sum(path, found)
    partial.replace(path)
    _forget(path)
    return found


@contextmanager
def explained_download(url: str) -> Iterator[None]:
    """Turn the HTTP client's errors about a URL into one sentence."""
    try:
        yield
    except requests.HTTPError as error:
        status = error.response.status_code if error.response is not None else "an error"
        raise InputError(f"{url}: the server answers {status}; there is no such file") from None
    except requests.RequestException as error:
        raise InputError(f"{url}: cannot be reached ({type(error).__name__}); fetching needs a network") from None


def check_answer(answer: requests.Response) -> None:
    """Raise a connection error, which is worth another attempt, for a busy server, and `HTTPError` for a refusal."""
    if answer.status_code >= 500 or answer.status_code == requests.codes.too_many_requests:
        raise requests.ConnectionError(f"the server answers {answer.status_code}")
    answer.raise_for_status()


def _forget(path: Path) -> None:
    """Delete the partial downloads of a file from any URL, and their ETags."""
    for left in path.parent.glob(f".{glob.escape(path.name)}.*.part*"):
        left.unlink()


def _continue(url: str, partial: Path) -> None:
    """Append the missing bytes to `partial`; raises `requests` exceptions for a broken connection or a bad answer.

    A download is resumed only if the server's file still has the same ETag, so that two versions are never mixed.
    """
    remembered = partial.with_name(f"{partial.name}.etag")
    have = partial.stat().st_size if partial.exists() and remembered.exists() else 0
    headers = {"Accept-Encoding": "identity"}
    if have:
        headers |= {"Range": f"bytes={have}-", "If-Range": remembered.read_text(encoding="latin-1")}
    with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT) as answer:
        if answer.status_code == requests.codes.requested_range_not_satisfiable:
            if answer.headers.get("Content-Range") == f"bytes */{have}":
                return  # nothing is missing
            partial.unlink(missing_ok=True)
            raise requests.ConnectionError(f"the file changed after {have} bytes were fetched; starting over")
        check_answer(answer)
        resumed = answer.status_code == requests.codes.partial_content
        if not resumed:
            partial.unlink(missing_ok=True)  # before its ETag changes
            _remember(answer.headers.get("ETag", ""), remembered)
        with open(partial, "ab" if resumed else "wb") as out:
            written = out.tell() if resumed else 0
            promised = written + int(answer.headers.get("Content-Length", 0))
            for block in answer.iter_content(1 << 16):
                written += out.write(block)
        if written < promised:
            raise requests.ConnectionError(f"{written} of {promised} bytes arrived")


def _remember(etag: str, file: Path) -> None:
    """Keep a strong ETag, which identifies the bytes; a weak one, or none, does not."""
    if etag.startswith('"'):
        file.write_text(etag, encoding="latin-1")
    else:
        file.unlink(missing_ok=True)
