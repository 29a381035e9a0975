"""Labelled data from the hub or from the treebanks' own repositories, limited, with label names and provenance."""

from itertools import islice
from pathlib import Path
from typing import Any

from realign.config import TaskHub
from realign.errors import InputError
from realign.sources.hub import DATASETS, read_sentence_pairs, read_tagged, resolve
from realign.sources.treebanks import URL, fetch_treebank
from realign.text.conll import UPOS, TaggedSentence, read_pos
from realign.text.labelled_pairs import LabelledPair

Provenance = dict[str, Any]


def fetch_sentences(
    entry: dict[str, Any], language: str, split: str, limit: int | None, folder: Path
) -> tuple[list[TaggedSentence], list[str], Provenance]:
    """Sentences, label names and provenance of a token dataset; `entry` is the config's, `folder` takes raw files.

    Raises `InputError` for anything that cannot be had, or has fewer sentences than `limit`.
    """
    source = TaskHub.model_validate(entry)
    if source.dataset == "ud":
        treebank = source.treebanks[language]
        raw = folder / f"{split}.conllu"
        digest = fetch_treebank(treebank, source.revision, language, split, raw, url=source.url or URL)
        sentences = list(islice(read_pos(raw), limit))
        raw.unlink()
        provenance = {"treebank": treebank, "revision": source.revision, "sha256": digest}
        return _enough(sentences, limit, f"{treebank} ({split})"), list(UPOS), provenance
    spec = DATASETS[source.dataset]
    commit = resolve(spec.repository, source.revision)
    sentences = read_tagged(source.dataset, language, split, commit, limit)
    what = f"{spec.repository} ({language}, {split})"
    return _enough(sentences, limit, what), list(spec.labels), {"repository": spec.repository, "revision": commit}


def fetch_pairs(
    entry: dict[str, Any], language: str, split: str, limit: int | None
) -> tuple[list[LabelledPair], list[str], Provenance]:
    """Sentence pairs, label names and provenance of a pair dataset; like `fetch_sentences`."""
    source = TaskHub.model_validate(entry)
    spec = DATASETS[source.dataset]
    commit = resolve(spec.repository, source.revision)
    pairs = read_sentence_pairs(source.dataset, language, split, commit, limit)
    what = f"{spec.repository} ({language}, {split})"
    return _enough(pairs, limit, what), list(spec.labels), {"repository": spec.repository, "revision": commit}


def _enough(rows: list[Any], limit: int | None, what: str) -> list[Any]:
    if not rows:
        raise InputError(f"{what}: no sentences")
    if limit is not None and len(rows) < limit:
        raise InputError(f"{what}: has {len(rows)} sentences, but training_sentences in the config is {limit}")
    return rows
