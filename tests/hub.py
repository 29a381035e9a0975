"""A stand-in for the hub on loopback: serves folders in the hub's own layout to the real clients, and fails on demand.

A repository is a folder `models/OWNER/NAME` or `datasets/OWNER/NAME`; its only commit is the digest of its files. Other
files, such as dictionaries, are served from `files/` as they are.
"""

import hashlib
import json
import re
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

BLOCK = 16384


class StandInHub:
    """The server's state: what it serves, what was asked of it, and which requests it will spoil."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.requests: Counter[str] = Counter()
        self.cuts: dict[str, list[int]] = {}
        self.refusals: dict[str, int] = {}
        self.heeds_if_range = True
        self.serves_parts = True
        self.url = ""

    def cut(self, name: str, *after: int) -> None:
        """Break the connection of the next requests for files called `name` after so many bytes."""
        self.cuts[name] = list(after)

    def refuse(self, name: str, times: int) -> None:
        """Answer the next requests for files called `name` with 503."""
        self.refusals[name] = times

    def repository(self, kind: str, name: str) -> Path | None:
        """The folder of a repository, or None."""
        folder = self.root / kind / name
        return folder if folder.is_dir() and name.count("/") == 1 else None


def commit_of(folder: Path) -> str:
    """The commit of a repository: it changes with the files' names and contents."""
    digest = hashlib.sha1()
    for path in _files(folder):
        digest.update(path.encode() + (folder / path).read_bytes())
    return digest.hexdigest()


def _files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def _entry(folder: Path, path: str) -> dict[str, Any]:
    if (folder / path).is_dir():
        return {"type": "directory", "path": path, "oid": hashlib.sha1(path.encode()).hexdigest(), "size": 0}
    content = (folder / path).read_bytes()
    oid = hashlib.sha1(content).hexdigest()
    return {"type": "file", "path": path, "oid": oid, "size": len(content)}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub: StandInHub

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def do_HEAD(self) -> None:
        self.answer(body=False)

    def do_GET(self) -> None:
        self.answer(body=True)

    def do_POST(self) -> None:
        asked = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        form = json.loads(asked) if asked.startswith("{") else parse_qs(asked)
        self.answer(body=True, paths=list(form.get("paths", [])))

    def answer(self, body: bool, paths: list[str] | None = None) -> None:
        path = unquote(urlsplit(self.path).path)
        if path.startswith("/files/"):
            return self.send_file(self.hub.root / path[1:], body)
        if match := re.fullmatch(r"/api/(models|datasets)/([^/]+/[^/]+)(?:/(.*))?", path):
            return self.send_description(match[1], match[2], match[3] or "", paths)
        if match := re.fullmatch(r"/(datasets/)?([^/]+/[^/]+)/resolve/([^/]+)/(.+)", path):
            folder = self.hub.repository("datasets" if match[1] else "models", match[2])
            if folder is None:
                return self.send_missing("RepoNotFound")
            if match[3] not in ("main", commit_of(folder)):
                return self.send_missing("RevisionNotFound")
            return self.send_file(folder / match[4], body, commit_of(folder))
        return self.send_missing("")

    def send_description(self, kind: str, name: str, rest: str, paths: list[str] | None) -> None:
        folder = self.hub.repository(kind, name)
        if folder is None:
            return self.send_missing("RepoNotFound")
        commit = commit_of(folder)
        what, _, tail = rest.partition("/")
        revision, _, below = tail.partition("/")
        if revision not in ("", "main", commit):
            return self.send_missing("RevisionNotFound")
        if what == "refs":
            branch = {"name": "main", "ref": "refs/heads/main", "targetCommit": commit}
            return self.send_json({"branches": [branch], "converts": [], "tags": []})
        if what == "paths-info":
            return self.send_json([_entry(folder, path) for path in paths or [] if (folder / path).exists()])
        if what == "tree":
            return self.send_tree(folder, below)
        if what not in ("", "revision"):
            return self.send_missing("EntryNotFound")
        siblings = [{"rfilename": path} for path in _files(folder)]
        head = {"id": name, "sha": commit, "private": False, "gated": False, "disabled": False, "tags": []}
        return self.send_json(head | {"siblings": siblings, "downloads": 0, "likes": 0})

    def send_tree(self, folder: Path, below: str) -> None:
        start = folder / below
        if not start.is_dir():
            return self.send_missing("EntryNotFound")
        recursive = parse_qs(urlsplit(self.path).query).get("recursive", ["false"])[0].lower() == "true"
        found = start.rglob("*") if recursive else start.glob("*")
        return self.send_json([_entry(folder, str(path.relative_to(folder))) for path in sorted(found)])

    def send_json(self, content: object) -> None:
        self.send_bytes(200, json.dumps(content).encode(), {"Content-Type": "application/json"})

    def send_missing(self, code: str) -> None:
        self.send_bytes(404, b'{"error": "not found"}', {"X-Error-Code": code} if code else {})

    def send_bytes(self, status: int, content: bytes, headers: dict[str, str], promised: int | None = None) -> None:
        self.send_response(status)
        for key, value in headers.items():
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(content) if promised is None else promised))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def send_file(self, path: Path, body: bool, commit: str = "") -> None:
        name = path.name
        self.hub.requests[f"{self.command} {name}"] += 1
        if self.hub.refusals.get(name, 0) > 0:
            self.hub.refusals[name] -= 1
            return self.send_bytes(503, b"busy", {})
        if not path.is_file():
            return self.send_missing("EntryNotFound" if commit else "")
        content = path.read_bytes()
        headers = {"ETag": f'"{hashlib.sha256(content).hexdigest()}"', "Accept-Ranges": "bytes"}
        if commit:
            headers["X-Repo-Commit"] = commit
        start, status = 0, 200
        same = not self.hub.heeds_if_range or self.headers.get("If-Range", headers["ETag"]) == headers["ETag"]
        same = same and self.hub.serves_parts
        if body and same and (wanted := re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))):
            start, end = int(wanted[1]), int(wanted[2] or len(content) - 1)
            if start >= len(content):
                return self.send_bytes(416, b"", headers | {"Content-Range": f"bytes */{len(content)}"})
            status = 206
            headers["Content-Range"] = f"bytes {start}-{end}/{len(content)}"
            content = content[start : end + 1]
        cuts = self.hub.cuts.get(name, [])
        if body and cuts and len(content) > cuts[0]:
            self.send_bytes(status, content[: cuts.pop(0)], headers, promised=len(content))
            self.wfile.flush()
            self.close_connection = True
            return None
        return self.send_bytes(status, content, headers)


@contextmanager
def serve(root: Path) -> Iterator[StandInHub]:
    """Serve `root` on a free port of loopback until the block ends."""
    hub = StandInHub(root)
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"hub": hub}))
    hub.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
