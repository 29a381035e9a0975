"""List the sub-words that a corpus uses; the lab's encoder is trimmed to them.

    python -m realign.encoders.vocabulary lab > lab/vocabulary.txt

The list is shipped, not computed in the workflow, so that editing one language's text changes no model.
"""

import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from realign.encoders.e5 import E5File, packaged_file, read_e5
from realign.encoders.lab import build_tokenizer, used_pieces
from realign.text.bitext import read_bitext
from realign.text.conll import read_pos
from realign.text.files import read_lines
from realign.text.parquet import read_table


def corpus_words(lab: Path) -> Iterator[str]:
    """Every word of the corpus: bitext, treebank and dictionaries."""
    for path in sorted([*lab.glob("bitext/*.txt"), *lab.glob("dictionary/*.txt")]):
        for line in read_lines(path):
            yield from line.split()
    for path in sorted(lab.glob("treebank/*.conllu")):
        for sentence in read_pos(path):
            yield from sentence.tokens


def study_pieces(file: E5File, bitext: Iterable[Path], examples: Iterable[Path]) -> set[str]:
    """The sub-words that a study's prepared bitext and examples use."""
    return used_pieces(build_tokenizer(file.pieces, file.scores), _study_words(bitext, examples))


def _study_words(bitext: Iterable[Path], examples: Iterable[Path]) -> Iterator[str]:
    for path in bitext:
        for pair in read_bitext(path):
            yield from (*pair.source, *pair.target)
    for path in examples:
        yield from _words(read_table(path))


def _words(value: object) -> Iterator[str]:
    """The words of texts, or of words, at any depth."""
    if isinstance(value, str):
        yield from value.split()
    elif isinstance(value, Sequence):
        for part in value:
            yield from _words(part)


def vocabulary(lab: Path) -> list[str]:
    """The sub-words of the corpus, sorted."""
    file = read_e5(packaged_file())
    return sorted(used_pieces(build_tokenizer(file.pieces, file.scores), corpus_words(lab)))


if __name__ == "__main__":
    print("\n".join(vocabulary(Path(sys.argv[1]))))
