"""Encoders on the hub: download what an encoder needs, with weights as safetensors only."""

from pathlib import Path

from realign.errors import InputError
from realign.sources.fetching import explained, retrying

_PATTERNS = [
    "config.json",
    "tokenizer*",
    "vocab*",
    "merges.txt",
    "special_tokens_map.json",
    "*.model",
    "*.safetensors*",
]


def snapshot(name: str, commit: str) -> Path:
    """The folder of the local cache that holds a repository's config, tokenizer and weights at a commit.

    Raises `InputError` when the repository has no safetensors weights or cannot be fetched.
    """
    from huggingface_hub import snapshot_download

    with explained(name, commit):
        folder = Path(
            retrying(
                lambda: snapshot_download(name, revision=commit, allow_patterns=_PATTERNS, ignore_patterns=["*/*"]),
                name,
            )
        )
    if not any(folder.glob("*.safetensors")):
        raise InputError(f"{name}: no safetensors weights at {commit[:12]}; choose a revision that has them")
    return folder
