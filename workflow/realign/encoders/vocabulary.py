"""List the sub-words that a corpus uses; the lab's encoder is trimmed to them.

    python -m realign.encoders.vocabulary lab > lab/vocabulary.txt

The list is shipped, not computed in the workflow, so that editing one language's text changes no model.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

from realign.encoders.e5 import packaged_file, read_e5
from realign.encoders.lab import build_tokenizer, used_pieces
from realign.text.conll import read_pos
from realign.text.files import read_lines


def corpus_words(lab: Path) -> Iterator[str]:
    """Every word of the corpus: bitext, treebank and dictionaries."""
    for path in sorted([*lab.glob("bitext/*.txt"), *lab.glob("dictionary/*.txt")]):
        for line in read_lines(path):
            yield from line.split()
    for path in sorted(lab.glob("treebank/*.conllu")):
        for sentence in read_pos(path):
            yield from sentence.tokens


def vocabulary(lab: Path) -> list[str]:
    """The sub-words of the corpus, sorted."""
    file = read_e5(packaged_file())
    return sorted(used_pieces(build_tokenizer(file.pieces, file.scores), corpus_words(lab)))


if __name__ == "__main__":
    print("\n".join(vocabulary(Path(sys.argv[1]))))
