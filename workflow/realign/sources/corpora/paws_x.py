"""PAWS-X: pairs of sentences with the same words, half of them paraphrases, translated from English."""

from collections.abc import Callable
from typing import Any

from realign.sources.hub import fetch_labelled
from realign.sources.requests import LabelledRequest, Provenance
from realign.text.sentences import LabelledText

REPOSITORY = "google-research-datasets/paws-x"
MISSING = -1
"""The label of pairs whose translation lacks one."""


def fetch(request: LabelledRequest) -> tuple[list[LabelledText], Provenance]:
    """Both sentences with the label 1 for paraphrases, else 0; pairs without a label or a sentence are left out."""

    def pair(row: dict[str, Any], name: Callable[[int], str]) -> LabelledText | None:
        first, second = (str(row[column] or "").strip() for column in ("sentence1", "sentence2"))
        if row["label"] == MISSING or not first or not second:
            return None
        return LabelledText(first, second, name(row["label"]))

    return fetch_labelled(
        request,
        REPOSITORY,
        request.language,
        label_column="label",
        text_columns=("sentence1", "sentence2"),
        example=pair,
    )
