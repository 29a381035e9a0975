"""Universal Dependencies by treebank and release, as the treebanks' own CoNLL-U files."""

from collections.abc import Iterator
from pathlib import Path

from realign.sources.requests import LabelledRequest, Provenance
from realign.sources.tagged import fetch_tagged_file
from realign.text.conll import TaggedSentence, read_conllu, read_pos

URL = "https://raw.githubusercontent.com/UniversalDependencies/{treebank}/{release}/{lang}_{name}-ud-{split}.conllu"


def fetch(request: LabelledRequest) -> tuple[list[TaggedSentence], Provenance]:
    """Sentences with universal tags of a treebank such as `UD_Arabic-PADT`, and where they come from.

    Raises `InputError` when there is no such treebank, release or split.
    """
    treebank, release = request.settings["treebanks"][request.language], request.settings["revision"]
    url = (request.settings["url"] or URL).format(
        treebank=treebank,
        release=release,
        lang=request.language,
        name=treebank.rpartition("-")[2].lower(),
        split=request.split,
    )
    read = read_every_line if request.settings.get("multiword_tokens") else read_pos
    sentences, digest = fetch_tagged_file(request, url, read, treebank)
    return sentences, {"treebank": treebank, "revision": release, "sha256": digest}


def read_every_line(path: Path) -> Iterator[TaggedSentence]:
    """Stream every line of each sentence: a multiword token with the label `_`, then its words; empty nodes too."""
    for sentence in read_conllu(path):
        yield TaggedSentence([line["form"] for line in sentence], [line["upos"] or "_" for line in sentence])
