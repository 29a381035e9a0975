"""Encoders on the hub: download what an encoder needs, with its safetensors weights, or pickled ones if it has none."""

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
]
_SAFE = ["*.safetensors*"]
_PICKLED = ["pytorch_model.bin", "pytorch_model-*-of-*.bin", "pytorch_model.bin.index.json"]


def snapshot(name: str, commit: str) -> Path:
    """The folder of the local cache that holds a repository's config, tokenizer and weights at a commit.

    Pickled weights are fetched only where there are no others. Raises `InputError` when the repository has neither or
    cannot be fetched.
    """
    folder = _download(name, commit, _SAFE)
    if any(folder.glob("*.safetensors")):
        return folder
    folder = _download(name, commit, _PICKLED)
    if not any(folder.glob("*.bin")):
        raise InputError(
            f"{name}: no weights in safetensors or pytorch_model.bin at {commit[:12]}; choose a revision that has them"
        )
    return folder


def _download(name: str, commit: str, weights: list[str]) -> Path:
    from huggingface_hub import snapshot_download

    def download() -> str:
        patterns = [*_PATTERNS, *weights]
        return snapshot_download(name, revision=commit, allow_patterns=patterns, ignore_patterns=["*/*"])

    with explained(name, commit):
        return Path(retrying(download, name))
