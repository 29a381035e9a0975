"""Universal Dependencies by treebank and release, as the treebanks' own CoNLL-U files."""

from itertools import islice

from realign.sources.hub import check_enough
from realign.sources.requests import LabelledRequest, Provenance
from realign.sources.web import download
from realign.text.conll import TaggedSentence, read_pos

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
    raw = request.folder / f"{request.split}.conllu"
    digest = download(url, raw)
    sentences = list(islice(read_pos(raw), request.limit))
    raw.unlink()
    check_enough(sentences, request.limit, f"{treebank} ({request.split})")
    return sentences, {"treebank": treebank, "revision": release, "sha256": digest}
