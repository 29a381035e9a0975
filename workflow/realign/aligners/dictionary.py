"""The dictionary aligner: links words whose translation by a bilingual dictionary is unambiguous in the pair."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from realign.aligners.inputs import AlignerInputs
from realign.text.bitext import SentencePair, read_bitext
from realign.text.dictionary import Translations, read_dictionary
from realign.text.files import atomic_writer
from realign.text.pharaoh import Link, format_links


def link(pair: SentencePair, dictionary: Translations) -> list[Link]:
    """Links (i, j) where t_j is the only translation of s_i in the target sentence and occurs there once,
    and s_i is the only word of the source sentence that has t_j as a translation (case-folded).
    """
    source = [word.casefold() for word in pair.source]
    target = [word.casefold() for word in pair.target]
    occurrences = Counter(target)
    present = [dictionary.get(word, frozenset()) & occurrences.keys() for word in source]
    translators = Counter(word for translations in present for word in translations)
    links = []
    for i, translations in enumerate(present):
        if len(translations) == 1:
            (word,) = translations
            if occurrences[word] == 1 and translators[word] == 1:
                links.append((i, target.index(word)))
    return links


def align(inputs: AlignerInputs, links: Path, settings: Mapping[str, Any]) -> None:  # noqa: ARG001 (it has none)
    """Stream a bitext and write the links of each line to `links`."""
    assert inputs.dictionary is not None
    translations = read_dictionary(inputs.dictionary)
    with atomic_writer(links) as out:
        for pair in read_bitext(inputs.bitext):
            out.write(format_links(link(pair, translations)) + "\n")
