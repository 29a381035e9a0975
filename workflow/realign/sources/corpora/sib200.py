"""SIB-200: the topics of sentences from FLORES-200, parallel in 205 languages, which are named by FLORES's codes."""

from itertools import islice

from realign.sources.hub import check_enough, fetch_file, resolve
from realign.sources.requests import LabelledRequest, Provenance
from realign.text.sentences import SIB_200, LabelledText, read_labelled_texts

REPOSITORY = "Davlan/sib200"


def fetch(request: LabelledRequest) -> tuple[list[LabelledText], Provenance]:
    """Sentences with their topics, and where they come from."""
    commit = resolve(REPOSITORY, request.settings["revision"])
    code = request.settings["codes"][request.language]
    path = fetch_file(REPOSITORY, f"data/{code}/{request.split}.tsv", commit)
    examples = list(islice(read_labelled_texts(path, request.labels, SIB_200), request.limit))
    check_enough(examples, request.limit, f"{REPOSITORY} ({code}, {request.split})")
    return examples, {"repository": REPOSITORY, "revision": commit, "code": code}
