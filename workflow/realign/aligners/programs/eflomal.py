"""eflomal (Östling and Tiedemann 2016) on fast_align's command line, based on the maintained model of `sil-thot`.

    python -m realign.aligners.programs.eflomal -i bitext.txt --seed 1 --samplers 3 [-r] > links.txt

Reads `source ||| target` lines and prints Pharaoh links, source index first also with `-r`. The same seed gives the
same links; the original program takes no seed.
"""

import argparse
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, TextIO

from realign.aligners.programs.fast_align import OneSentenceParser
from realign.errors import InputError
from realign.text.bitext import SentencePair, read_bitext
from realign.text.pharaoh import Link, format_links

if TYPE_CHECKING:
    from thot.alignment import EflomalAlignmentModel

MAX_WORDS = 1024
"""The longest sentence that the model takes; a line with a longer side gets no links."""


def parse_arguments(arguments: list[str]) -> argparse.Namespace:
    """The options; anything else ends the program with one sentence."""
    parser = OneSentenceParser(
        Path(__file__).stem, description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("-i", "--input", type=Path, required=True, help="parallel corpus, 'source ||| target' lines")
    parser.add_argument("-r", "--reverse", action="store_true", help="predict the source side from the target side")
    parser.add_argument("--seed", type=int, required=True, help="seed of the sampling")
    parser.add_argument("--samplers", type=int, required=True, help="independent samplers, whose counts are averaged")
    return parser.parse_args(arguments)


def new_model(options: argparse.Namespace) -> "EflomalAlignmentModel":
    """An untrained model of words, jumps and fertility, on one thread; raises `InputError` without sil-thot."""
    try:
        from thot.alignment import EflomalAlignmentModel
    except ImportError:
        raise InputError(
            "the package sil-thot is not installed, and has no wheel for aarch64 Linux; use another aligner, such as "
            "fastalign"
        ) from None
    model = EflomalAlignmentModel()
    model.seed, model.num_samplers, model.deterministic = options.seed, options.samplers, True
    return model


def train(model: "EflomalAlignmentModel", bitext: Path, reverse: bool, log: TextIO) -> None:
    """Train one direction on the bitext; each side is copied to a temporary file that the model streams."""
    with TemporaryDirectory(prefix="align.") as folder:
        source, target = Path(folder, "source"), Path(folder, "target")
        with open(source, "w", encoding="utf-8") as left, open(target, "w", encoding="utf-8") as right:
            for pair in read_bitext(bitext):
                left.write(" ".join(pair.source) + "\n")
                right.write(" ".join(pair.target) + "\n")
        sides = (target, source) if reverse else (source, target)
        model.read_sentence_pairs(str(sides[0]), str(sides[1]))
        model.start_training()
        last = model.scheduled_iterations  # known once the model has read the bitext
        for iteration in range(1, last + 1):
            model.train()
            print(f"iteration {iteration} of {last}", file=log, flush=True)
        model.end_training()


def best_links(model: "EflomalAlignmentModel", bitext: Path, reverse: bool) -> Iterator[list[Link]]:
    """The Viterbi links of every line, source index first."""
    lines = read_bitext(bitext)
    while pairs := list(islice(lines, 1000)):
        conditions = [_fitting(pair.target if reverse else pair.source, pair) for pair in pairs]
        predictions = [_fitting(pair.source if reverse else pair.target, pair) for pair in pairs]
        for _, matrix in model.get_best_alignments(conditions, predictions):
            # for each predicted word, the condition word that it comes from, counted from 1; 0 is none
            links = [(origin - 1, word) for word, origin in enumerate(matrix.to_list()) if origin > 0]
            yield [(j, i) for i, j in links] if reverse else links


def _fitting(words: list[str], pair: SentencePair) -> list[str]:
    return words if max(len(pair.source), len(pair.target)) <= MAX_WORDS else []


def main(arguments: list[str]) -> None:
    """Run the program; a user's mistake ends it with one sentence and exit status 1."""
    options = parse_arguments(arguments)
    try:
        model = new_model(options)
        train(model, options.input, options.reverse, sys.stderr)
        for links in best_links(model, options.input, options.reverse):
            sys.stdout.write(format_links(links) + "\n")
    except InputError as error:
        sys.exit(f"eflomal: {error}")


if __name__ == "__main__":
    main(sys.argv[1:])
