"""Where an artifact came from, as JSON beside it."""

import json
from pathlib import Path

from realign.text.files import atomic_writer


def write_provenance(path: Path, **facts: str | int | None) -> None:
    """Record repository or URL and commit, or the name of a file, and its sha256."""
    with atomic_writer(path) as out:
        json.dump(facts, out, indent=2, sort_keys=True)
        out.write("\n")
