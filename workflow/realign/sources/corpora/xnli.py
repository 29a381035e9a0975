"""XNLI: natural language inference, translated from English."""

from collections.abc import Callable
from typing import Any

from realign.sources.hub import fetch_labelled
from realign.sources.requests import LabelledRequest, Provenance
from realign.text.sentences import LabelledText

REPOSITORY = "facebook/xnli"


def fetch(request: LabelledRequest) -> tuple[list[LabelledText], Provenance]:
    """Premises and hypotheses with label names, and where they come from."""

    def pair(row: dict[str, Any], name: Callable[[int], str]) -> LabelledText:
        return LabelledText(row["premise"], row["hypothesis"], name(row["label"]))

    return fetch_labelled(
        request,
        REPOSITORY,
        request.language,
        label_column="label",
        text_columns=("premise", "hypothesis"),
        example=pair,
    )
