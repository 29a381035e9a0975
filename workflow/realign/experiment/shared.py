"""Sharing between folders: which inputs prevent it, and records that vouch for what is shared."""

import os
import re
from pathlib import Path

from realign.config.sources import is_hub
from realign.config.whole import Config
from realign.encoders.entries import HubEncoder
from realign.experiment.locate import SPLITS
from realign.sources.registry import HubSettings
from realign.text.files import entry_sum, sum_of, umask


def unpinned(config: Config) -> list[str]:
    """The config keys of fetched inputs that are not pinned to their content."""
    revisions = {
        config.encoder_key(name): encoder.revision
        for name, encoder in config.encoders.items()
        if isinstance(encoder, HubEncoder)
    }
    unchecked = []
    for language in sorted(config.target_languages):
        where, entry = config.bitext_entry(language)
        if isinstance(entry, HubSettings):
            revisions[where] = entry.revision
        elif is_hub(entry) and set(SPLITS) - set(entry.sha256.get(language, ())):
            unchecked.append(f"{where}.sha256.{language}")
    keys = [f"{key}.revision" for key, revision in revisions.items() if not re.fullmatch("[0-9a-f]{40}", revision)]
    keys += unchecked
    if is_hub(config.dictionaries) and any(row.dictionary for row in config.used_aligners):
        unknown = set(config.target_languages) - set(config.dictionaries.sha256)
        keys += [f"dictionaries.sha256.{language}" for language in sorted(unknown)]
    return keys


def vouch_for_entries(results: Path) -> None:
    """Record in the cache the sha256 of the entries that this folder has made, and give them the umask's permissions.

    Snakemake moves a file into the cache when its job has ended, and makes it accessible to everybody.
    """
    for kind in ("models", "links", "realigned"):
        for path in (results / kind).rglob("*"):
            if not path.is_symlink() or not path.exists():
                continue
            entry, made, record = path.resolve(), sum_of(path), entry_sum(path)
            if made is not None and made.is_file() and not record.exists():
                record.parent.mkdir(exist_ok=True)
                record.write_bytes(made.read_bytes())
            if entry.stat().st_uid == os.getuid():
                entry.chmod(0o666 & ~umask())
