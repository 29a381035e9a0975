"""The fast tokenizer of a checkpoint directory."""

import json
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer

from realign.errors import InputError


def load_tokenizer(folder: Path) -> Tokenizer:
    """The tokenizer in `tokenizer.json`, which neither pads nor cuts yet.

    Raises `InputError` when the directory has no fast tokenizer.
    """
    path = folder / "tokenizer.json"
    if not path.exists():
        raise InputError(f"{path}: no such file; a model directory needs a fast tokenizer")
    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def config_number(folder: Path, key: str) -> int:
    """A number in a checkpoint's `config.json`; 0 if it is not there."""
    config: dict[str, Any] = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    return int(config.get(key) or 0)
