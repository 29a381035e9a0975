"""Tagged sentences on the hub: one list of words and one list of labels per row."""

from collections.abc import Callable
from typing import Any

from realign.errors import InputError
from realign.sources.hub import fetch_labelled
from realign.sources.requests import LabelledRequest, Provenance
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
