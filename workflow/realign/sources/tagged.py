"""Tagged sentences: on the hub, with one list of words and one list of labels per row; or a file by its URL."""

from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from realign.errors import InputError
from realign.sources.hub import check_enough, fetch_labelled
from realign.sources.requests import LabelledRequest, Provenance
from realign.sources.web import download
from realign.text.conll import TaggedSentence


def fetch_tagged(
    request: LabelledRequest, repository: str, configuration: str, label_column: str
) -> tuple[list[TaggedSentence], Provenance]:
    """Sentences with label names, and where they come from; rows without words are left out."""

    def sentence(row: dict[str, Any], name: Callable[[int], str]) -> TaggedSentence | None:
        words, labels = list(row["tokens"]), [name(label) for label in row[label_column]]
        if len(labels) != len(words):
            raise InputError(f"{repository} ({request.language}): a row has {len(words)} words, {len(labels)} labels")
        return TaggedSentence(words, labels) if labels else None

    return fetch_labelled(
        request, repository, configuration, label_column=label_column, text_columns=("tokens",), example=sentence
    )


def fetch_tagged_file(
    request: LabelledRequest, url: str, read: Callable[[Path], Iterator[TaggedSentence]], what: str
) -> tuple[list[TaggedSentence], str]:
    """The sentences that `read` finds in the file at a URL, and the file's sha256; `what` names it in errors."""
    raw = request.folder / f"{request.split}{Path(url).suffix}"
    digest = download(url, raw)
    sentences = list(islice(read(raw), request.limit))
    raw.unlink()
    check_enough(sentences, request.limit, f"{what} ({request.split})")
    return sentences, digest
