"""Requests to a corpus on the hub, and the provenance of what it returns."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Provenance = dict[str, Any]
"""Where something came from: repository or URL, commit or sha256."""


@dataclass(frozen=True)
class BitextRequest:
    """The first sentence pairs of one split between two languages, at most `limit`.

    `settings` are the config's for this corpus and language; `folder` holds raw files during the fetch.
    """

    source_language: str
    language: str
    split: str
    settings: Mapping[str, Any]
    limit: int | None = None
    folder: Path = Path()


@dataclass(frozen=True)
class LabelledRequest:
    """The labelled examples of one split and language, at most `limit`, with labels from `labels`.

    `settings` are the config's for this corpus and language; `folder` holds raw files during the fetch.
    """

    language: str
    split: str
    limit: int | None
    labels: tuple[str, ...]
    folder: Path
    settings: Mapping[str, Any]
