"""MasakhaPOS: universal parts of speech in 20 African languages (Dione et al. 2023)."""

from dataclasses import replace

from realign.sources.corpora import ud
from realign.sources.masakhane import url_of
from realign.sources.requests import LabelledRequest, Provenance
from realign.sources.tagged import fetch_tagged_file
from realign.text.conll import TaggedSentence, read_columns

REPOSITORY = "masakhane-pos"


def fetch(request: LabelledRequest) -> tuple[list[TaggedSentence], Provenance]:
    """Sentences with universal tags, and where they come from; English comes from a treebank.

    Raises `InputError` for a language without data.
    """
    url = url_of(request, REPOSITORY, "data")
    if url is None:
        settings = {**request.settings, "revision": request.settings["release"]}
        return ud.fetch(replace(request, settings=settings))
    sentences, digest = fetch_tagged_file(request, url, lambda path: read_columns(path, request.labels), REPOSITORY)
    return sentences, {"url": url, "sha256": digest}
