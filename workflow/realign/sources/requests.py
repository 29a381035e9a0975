"""What a corpus of the hub is asked for, and what it answers."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Provenance = dict[str, Any]
"""Where something came from: repository or URL, commit or sha256."""


@dataclass(frozen=True)
class BitextRequest:
    """The sentence pairs of one split between two languages; `settings` are the config's for this corpus."""

    source_language: str
    language: str
    split: str
    settings: Mapping[str, Any]


@dataclass(frozen=True)
class LabelledRequest:
    """The labelled examples of one split and language, at most `limit`, with labels out of `labels`.

    `settings` are the config's for this corpus and language; `folder` takes raw files for the time of the fetch.
    """

    language: str
    split: str
    limit: int | None
    labels: tuple[str, ...]
    folder: Path
    settings: Mapping[str, Any]
