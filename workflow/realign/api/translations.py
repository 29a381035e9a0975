"""Translations to realign on, in one or several languages, and what links their words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from realign.api.linking import Dictionary, Links, chosen_aligner, given_links, link_pairs
from realign.api.texts import Text, read_pairs, write_pairs
from realign.config.methods import SENTENCE
from realign.errors import InputError
from realign.text.bitext import SentencePair
from realign.text.files import atomic_writer
from realign.text.pharaoh import Link, format_links

if TYPE_CHECKING:
    from realign.realignment.linked_bitext import PairFile

ONE = "bitext"
"""The language of a call that does not name it."""


@dataclass(frozen=True)
class Translations:
    """Sentence pairs by language, with links, or with the aligner that makes them; sentences need neither."""

    pairs: Mapping[str, list[SentencePair]] = field(repr=False)
    links: Mapping[str, Links] = field(repr=False)
    aligner: str | None
    dictionaries: Mapping[str, Dictionary] = field(repr=False)

    def files(self, home: Path, encoder: Path, threads: int) -> "list[PairFile]":
        """The bitext of each language and its links, as the stages read them, in the folder `home`.

        `encoder` is for aligners that compute with one. Raises `InputError` for links that do not fit.
        """
        from realign.realignment.linked_bitext import pair_files

        bitexts, links = [], []
        for language, pairs in sorted(self.pairs.items()):
            bitexts.append(str(home / f"{language}.bitext"))
            write_pairs((pair for pair in pairs if pair.source and pair.target), Path(bitexts[-1]))
            if self.aligner is not None:
                links.append(str(home / f"{language}.links"))
                _write_links(Path(links[-1]), pairs, self._links(language, encoder, threads))
        return pair_files(bitexts, links or None)

    def _links(self, language: str, encoder: Path, threads: int) -> list[list[Link]]:
        pairs, given = self.pairs[language], self.links.get(language)
        if given is not None:
            return given_links(given, pairs)
        return link_pairs(pairs, self.aligner, self.dictionaries.get(language), encoder, threads=threads)


def aligner_of(aligner: str | None, dictionary: Any, target: Any, unit: object) -> str | None:
    """The aligner of a call by its name; None if sentences are realigned, which needs none."""
    if unit == SENTENCE:
        return None
    return chosen_aligner(aligner, next(iter(_by_language(dictionary, target).values()), None))


def read_translations(
    source: Text | Mapping[str, Text],
    target: Text | Mapping[str, Text] | None,
    links: Links | Mapping[str, Links] | None,
    aligner: str | None,
    dictionary: Dictionary | Mapping[str, Dictionary] | None,
    raw: str | tuple[str, str] | None,
) -> Translations:
    """What a call was given; raises `InputError` for texts that are not parallel, or a language without a source."""
    pairs = {language: read_pairs(*sides) for language, sides in _sides(source, target, raw).items()}
    return Translations(pairs, _by_language(links, target), aligner, _by_language(dictionary, target))


def _by_language(value: Any, target: Any) -> dict[str, Any]:
    """What a call was given for each language; nothing, if it was not given."""
    if value is None:
        return {}
    return dict(value) if isinstance(target, Mapping) else {ONE: value}


def _sides(source: Any, target: Any, raw: Any) -> dict[str, tuple[Text, Text | None, tuple[str, str] | None]]:
    """Both texts of each language, and the languages of raw text."""
    if not isinstance(target, Mapping):
        return {ONE: (source, target, raw)}
    if not target:
        raise InputError("target: empty; expected at least one language")
    sides = {}
    for language, text in target.items():
        own = source.get(language) if isinstance(source, Mapping) else source
        if own is None:
            raise InputError(f"source: nothing for {language!r}, which target has")
        sides[language] = (own, text, None if raw is None else (raw, language))
    return sides


def _write_links(path: Path, pairs: Sequence[SentencePair], links: Sequence[Sequence[Link]]) -> None:
    """Write the links of pairs with words on both sides."""
    with atomic_writer(path) as out:
        out.writelines(
            format_links(row) + "\n" for row, pair in zip(links, pairs, strict=True) if pair.source and pair.target
        )
