"""Labelled data from the hub or from the treebanks' own repositories, limited, with label names and provenance."""

from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from realign.errors import InputError
from realign.sources.hub import DATASETS, read_sentence_pairs, read_tagged, resolve
from realign.sources.treebanks import URL, fetch_treebank
from realign.text.conll import UPOS, TaggedSentence, read_pos
from realign.text.labelled_pairs import LabelledPair

Provenance = dict[str, Any]
Row = TypeVar("Row", TaggedSentence, LabelledPair)


def fetch_sentences(
    entry: dict[str, Any], language: str, split: str, limit: int | None, folder: Path
) -> tuple[list[TaggedSentence], list[str], Provenance]:
    """Sentences, label names and provenance of a token dataset; `folder` takes raw files.

    `entry` holds `dataset`, `revision`, `treebanks` and `url` as the config has them; its models are not imported here,
    so that a reworded key fetches nothing again. Raises `InputError` for anything that cannot be had, or has fewer
    sentences than `limit`.
    """
    if entry["dataset"] == "ud":
        treebank, revision = entry["treebanks"][language], entry["revision"]
        raw = folder / f"{split}.conllu"
        digest = fetch_treebank(treebank, revision, language, split, raw, url=entry["url"] or URL)
        sentences = list(islice(read_pos(raw), limit))
        raw.unlink()
        provenance = {"treebank": treebank, "revision": revision, "sha256": digest}
        return _enough(sentences, limit, f"{treebank} ({split})"), list(UPOS), provenance
    return _from_hub(entry, language, split, limit, read_tagged)


def fetch_pairs(
    entry: dict[str, Any], language: str, split: str, limit: int | None
) -> tuple[list[LabelledPair], list[str], Provenance]:
    """Sentence pairs, label names and provenance of a pair dataset; like `fetch_sentences`."""
    return _from_hub(entry, language, split, limit, read_sentence_pairs)


def _from_hub(
    entry: dict[str, Any], language: str, split: str, limit: int | None, read: Callable[..., list[Row]]
) -> tuple[list[Row], list[str], Provenance]:
    spec = DATASETS[entry["dataset"]]
    commit = resolve(spec.repository, entry["revision"])
    rows = _enough(
        read(entry["dataset"], language, split, commit, limit), limit, f"{spec.repository} ({language}, {split})"
    )
    return rows, list(spec.labels), {"repository": spec.repository, "revision": commit}


def _enough(rows: list[Row], limit: int | None, what: str) -> list[Row]:
    if not rows:
        raise InputError(f"{what}: no sentences")
    if limit is not None and len(rows) < limit:
        raise InputError(f"{what}: has {len(rows)} sentences, but training_sentences in the config is {limit}")
    return rows
