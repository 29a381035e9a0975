"""Moses files by URL: the lines of two files are translations of each other; OPUS has both in a zip file."""

from collections.abc import Iterator
from contextlib import ExitStack

from realign.errors import InputError
from realign.sources.parallel import Pair, cleaned, of_split
from realign.sources.remote import lines_of, lines_of_members
from realign.sources.requests import BitextRequest, Provenance


def fetch(request: BitextRequest) -> tuple[Iterator[Pair], Provenance]:
    """Raw sentence pairs, source first, read as far as they are asked for, and where they come from.

    Raises `InputError` for a file that is not there or has no such member, and sides of different lengths.
    """
    settings, keys = request.settings, ("url",) if request.settings["url"] else ("source_url", "target_url")
    source, language = (settings["codes"][name] for name in (request.source_language, request.language))
    fields = {"source": source, "lang": language, "pair": "-".join(sorted((source, language))), "split": request.split}
    urls = [settings[key].format(**fields) for key in keys]
    pairs = _pairs(request, urls, (f".{source}", f".{language}"))
    if not any("{split}" in settings[key] for key in keys):
        pairs = of_split(pairs, request.split, settings["test_sentences"])
    return pairs, dict(zip(keys, urls, strict=True))


def _pairs(request: BitextRequest, urls: list[str], endings: tuple[str, str]) -> Iterator[Pair]:
    whole = request.split == "train" and request.limit is None
    with ExitStack() as stack:
        if len(urls) == 1:
            sides = stack.enter_context(lines_of_members(urls[0], request.folder, *endings, whole=whole))
        else:
            sides = [stack.enter_context(lines_of(url, request.folder, whole=whole)) for url in urls]
        missing = object()
        for number, source in enumerate(sides[0], 1):
            target = next(sides[1], missing)
            if target is missing:
                raise InputError(f"{' and '.join(urls)}: one side ends after line {number - 1}, the other does not")
            yield cleaned(source), cleaned(str(target))
        if next(sides[1], missing) is not missing:
            raise InputError(f"{' and '.join(urls)}: the target side goes on after the source side's end")
