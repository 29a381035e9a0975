"""Universal NER: entities in the sentences of Universal Dependencies, by treebank (Mayhew et al. 2024)."""

from realign.sources.requests import LabelledRequest, Provenance
from realign.sources.tagged import fetch_tagged_file
from realign.text.conll import TaggedSentence, read_columns
from realign.text.labels import ENTITIES

URL = "https://raw.githubusercontent.com/UniversalNER/{treebank}/{revision}/{lang}_{name}-ud-{split}.iob2"
OTHER = ("B-OTH", "I-OTH", "B-O")
"""Labels of the annotation that are no entities of the corpus."""


def fetch(request: LabelledRequest) -> tuple[list[TaggedSentence], Provenance]:
    """Sentences with BIO labels of a treebank such as `UNER_Danish-DDT`, and where they come from.

    Labels that the request does not have become `O`. A treebank may name its commit after an `@`. Raises `InputError`
    when there is no such treebank, commit or split.
    """
    settings = request.settings
    treebank, _, commit = settings["treebanks"][request.language].partition("@")
    url = (settings["url"] or URL).format(
        treebank=treebank,
        revision=commit or settings["revision"],
        lang=request.language,
        name=treebank.rpartition("-")[2].lower(),
        split=request.split,
    )
    outside = {*ENTITIES, *OTHER} - set(request.labels)
    sentences, digest = fetch_tagged_file(
        request, url, lambda path: read_columns(path, request.labels, outside, numbered=True), treebank
    )
    return sentences, {"url": url, "sha256": digest}
