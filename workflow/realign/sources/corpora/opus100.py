"""OPUS-100: sentence pairs with English on one side; its language pairs are named in alphabetical order."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from realign.errors import InputError
from realign.sources.hub import read_split, resolve
from realign.sources.requests import BitextRequest, Provenance

if TYPE_CHECKING:
    from datasets import Dataset

REPOSITORY = "Helsinki-NLP/opus-100"


def fetch(request: BitextRequest) -> tuple[Iterator[tuple[str, str]], Provenance]:
    """Raw sentence pairs, source first, and where they come from.

    Raises `InputError` for a language pair that it does not have, or unexpected columns.
    """
    commit = resolve(REPOSITORY, request.settings["revision"])
    return _pairs(request, commit), {"repository": REPOSITORY, "revision": commit}


def _pairs(request: BitextRequest, commit: str) -> Iterator[tuple[str, str]]:
    source, language = request.source_language, request.language
    dataset = read_split(REPOSITORY, "-".join(sorted((source, language))), request.split, commit)
    if set(dataset.features) != {"translation"} or not {source, language} <= _languages(dataset):
        raise InputError(
            f"{REPOSITORY} ({source}, {language}): expected a column 'translation' with {source!r} and {language!r}, "
            f"found {dataset.features}"
        )
    for batch in dataset.iter(batch_size=1000):
        for pair in batch["translation"]:
            yield " ".join((pair[source] or "").split()), " ".join((pair[language] or "").split())


def _languages(dataset: "Dataset") -> set[str]:
    feature = dataset.features["translation"]
    return set(getattr(feature, "languages", None) or (feature if isinstance(feature, dict) else ()))
