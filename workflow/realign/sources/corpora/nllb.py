"""NLLB: bitext mined from the web (NLLB Team 2022), tab-separated, its language pairs in alphabetical order."""

from collections.abc import Iterator

from realign.errors import InputError
from realign.sources.parallel import Pair, cleaned, of_split
from realign.sources.remote import lines_of
from realign.sources.requests import BitextRequest, Provenance


def fetch(request: BitextRequest) -> tuple[Iterator[Pair], Provenance]:
    """Raw sentence pairs, source first, read as far as they are asked for, and where they come from.

    Raises `InputError` for a language pair that there is no file for, and a line without two columns.
    """
    codes = [request.settings["codes"][language] for language in (request.source_language, request.language)]
    url = request.settings["url"].format(pair="-".join(sorted(codes)))
    pairs = _pairs(request, url, swapped=codes != sorted(codes))
    return of_split(pairs, request.split, request.settings["test_sentences"]), {"url": url}


def _pairs(request: BitextRequest, url: str, *, swapped: bool) -> Iterator[Pair]:
    whole = request.split == "train" and request.limit is None
    with lines_of(url, request.folder, whole=whole) as lines:
        for number, line in enumerate(lines, 1):
            first, tab, rest = line.partition("\t")
            if not tab:
                raise InputError(f"{url}:{number}: expected tab-separated columns, found {line[:60]!r}")
            source, target = cleaned(first), cleaned(rest.partition("\t")[0])
            yield (target, source) if swapped else (source, target)
