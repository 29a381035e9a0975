"""WikiANN: entities in sentences from Wikipedia."""

from realign.sources.requests import LabelledRequest, Provenance
from realign.sources.tagged import fetch_tagged
from realign.text.conll import TaggedSentence

REPOSITORY = "unimelb-nlp/wikiann"


def fetch(request: LabelledRequest) -> tuple[list[TaggedSentence], Provenance]:
    """Sentences with BIO labels, and where they come from."""
    return fetch_tagged(request, REPOSITORY, request.language, "ner_tags")
