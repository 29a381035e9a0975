"""Universal Dependencies by treebank name and release, as the treebanks' own CoNLL-U files."""

import time
from collections.abc import Callable
from pathlib import Path

from realign.sources.web import download

URL = "https://raw.githubusercontent.com/UniversalDependencies/{treebank}/{release}/{lang}_{name}-ud-{split}.conllu"


def fetch_treebank(
    treebank: str,
    release: str,
    language: str,
    split: str,
    path: Path,
    *,
    url: str = URL,
    sleep: Callable[[float], None] = time.sleep,
) -> str:
    """Download one split of a treebank such as `UD_Arabic-PADT` at a release tag such as `r2.15`; returns its sha256.

    Raises `InputError` when there is no such treebank, release or split.
    """
    name = treebank.rpartition("-")[2].lower()
    fields = {"treebank": treebank, "release": release, "lang": language, "name": name, "split": split}
    return download(url.format(**fields), path, sleep=sleep)
