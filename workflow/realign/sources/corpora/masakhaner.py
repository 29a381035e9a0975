"""MasakhaNER 2: entities in the news of 20 African languages (Adelani et al. 2022)."""

from realign.sources.corpora import universal_ner
from realign.sources.masakhane import url_of
from realign.sources.requests import LabelledRequest, Provenance
from realign.sources.tagged import fetch_tagged_file
from realign.text.conll import TaggedSentence, read_columns

REPOSITORY = "masakhane-ner"
LABELS = ("O", *(f"{part}-{kind}" for kind in ("PER", "ORG", "LOC", "DATE") for part in "BI"))


def fetch(request: LabelledRequest) -> tuple[list[TaggedSentence], Provenance]:
    """Sentences with BIO labels, and where they come from; English comes from Universal NER.

    Labels that the request does not have become `O`. Raises `InputError` for a language without data.
    """
    url = url_of(request, REPOSITORY, "MasakhaNER2.0/data")
    if url is None:
        return universal_ner.fetch(request)
    outside = set(LABELS) - set(request.labels)
    sentences, digest = fetch_tagged_file(
        request, url, lambda path: read_columns(path, request.labels, outside), REPOSITORY
    )
    return sentences, {"url": url, "sha256": digest}
