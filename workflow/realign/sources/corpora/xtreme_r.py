"""XTREME-R's selection of UD-POS, from Universal Dependencies 2.7, which names languages by their codes."""

from realign.sources.requests import LabelledRequest, Provenance
from realign.sources.tagged import fetch_tagged
from realign.text.conll import TaggedSentence

REPOSITORY = "izhx/xtreme-r-udpos"


def fetch(request: LabelledRequest) -> tuple[list[TaggedSentence], Provenance]:
    """Sentences with universal tags, and where they come from."""
    return fetch_tagged(request, REPOSITORY, request.language, "pos_tags")
