"""Masakhane's corpora: plain files in repositories, named by languages' codes of three letters."""

from realign.errors import InputError
from realign.sources.requests import LabelledRequest

URL = "https://raw.githubusercontent.com/masakhane-io/{repository}/{{revision}}/{folder}/{{code}}/{{split}}.txt"
CODES = (
    "bam", "bbj", "ewe", "fon", "hau", "ibo", "kin", "lug", "luo", "mos",
    "nya", "pcm", "sna", "swa", "tsn", "twi", "wol", "xho", "yor", "zul",
)  # fmt: skip
"""The languages of MasakhaPOS and of MasakhaNER 2."""
TWO_LETTERS = {
    "bm": "bam", "ee": "ewe", "ha": "hau", "ig": "ibo", "lg": "lug", "ny": "nya", "rw": "kin", "sn": "sna",
    "sw": "swa", "tn": "tsn", "tw": "twi", "wo": "wol", "xh": "xho", "yo": "yor", "zu": "zul",
}  # fmt: skip


def url_of(request: LabelledRequest, repository: str, folder: str) -> str | None:
    """The URL of the requested split, or None for a language that Masakhane lacks but `treebanks` has.

    Raises `InputError` for a language that neither has.
    """
    code = TWO_LETTERS.get(request.language, request.language)
    if code not in CODES:
        if request.language not in request.settings["treebanks"]:
            raise InputError(
                f"{repository}: has no {request.language!r}, and treebanks names none; it has {', '.join(CODES)}"
            )
        return None
    pattern: str = request.settings["masakhane_url"] or URL.format(repository=repository, folder=folder)
    return pattern.format(revision=request.settings["revision"], code=code, split=request.split)
