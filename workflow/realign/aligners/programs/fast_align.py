"""The command line of fast_align (Dyer et al. 2013) based on the maintained FastAlign model of `sil-thot`.

    python -m realign.aligners.programs.fast_align -i bitext.txt -d -o -v [-r] > links.txt

Reads `source ||| target` lines and prints Pharaoh links, source index first also with `-r`, as the original does.
The bitext is streamed from disk in every pass, so that only the model is in memory.
"""

import argparse
import sys
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NoReturn, TextIO, TypeVar

from realign.aligners.programs.models import thot
from realign.errors import InputError
from realign.text.bitext import SentencePair, read_bitext
from realign.text.pharaoh import Link, format_links

if TYPE_CHECKING:
    from thot.alignment import AlignmentModel, FastAlignModel

Model = TypeVar("Model", bound="AlignmentModel")

MAX_WORDS = 1024
"""The longest sentence that the model takes; a line with a longer side gets no links."""


class OneSentenceParser(argparse.ArgumentParser):
    """Reports errors in one sentence, without the usage text."""

    def error(self, message: str) -> NoReturn:
        """End the program with status 1 and the sentence."""
        sys.exit(f"{self.prog}: {message}")


def parse_arguments(arguments: list[str]) -> argparse.Namespace:
    """fast_align's options, as far as the model supports them; any other ends the program with one sentence."""
    parser = OneSentenceParser("fast_align", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-i", "--input", type=Path, required=True, help="parallel corpus, 'source ||| target' lines")
    parser.add_argument("-d", "--favor_diagonal", action="store_true", help="favour links close to the diagonal")
    parser.add_argument("-o", "--optimize_tension", action="store_true", help="optimise how close they should be")
    parser.add_argument("-v", "--variational_bayes", action="store_true", help="use variational Bayes")
    parser.add_argument("-r", "--reverse", action="store_true", help="predict the source side from the target side")
    parser.add_argument("-I", "--iterations", type=int, default=5, help="passes of expectation maximisation")
    parser.add_argument("-q", "--p_null", type=float, default=0.08, help="probability of no link")
    options = parser.parse_args(arguments)
    if not (options.favor_diagonal and options.optimize_tension):
        parser.error("this program always favours the diagonal and optimises the tension; call it with -d -o")
    if options.iterations < 1 or not 0 < options.p_null < 1:
        parser.error("expected at least one iteration and a null probability between 0 and 1")
    return options


def new_model(options: argparse.Namespace) -> "FastAlignModel":
    """An untrained model with these options."""
    model: FastAlignModel = thot("alignment").FastAlignModel()
    model.variational_bayes = options.variational_bayes
    model.fast_align_p0 = options.p_null
    return model


def train(model: Model, bitext: Path, reverse: bool, iterations: Callable[[Model], int], log: TextIO) -> None:
    """Train one direction on the bitext; each side is copied to a temporary file that the model streams.

    `iterations` says how many there are, once the model has read the bitext.
    """
    with TemporaryDirectory(prefix="align.") as folder:
        source, target = Path(folder, "source"), Path(folder, "target")
        with open(source, "w", encoding="utf-8") as left, open(target, "w", encoding="utf-8") as right:
            for pair in read_bitext(bitext):
                left.write(" ".join(pair.source) + "\n")
                right.write(" ".join(pair.target) + "\n")
        sides = (target, source) if reverse else (source, target)
        model.read_sentence_pairs(str(sides[0]), str(sides[1]))
        model.start_training()
        last = iterations(model)
        for iteration in range(1, last + 1):
            model.train()
            print(f"iteration {iteration} of {last}", file=log, flush=True)
        model.end_training()


def best_links(model: "AlignmentModel", bitext: Path, reverse: bool) -> Iterator[list[Link]]:
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
        train(model, options.input, options.reverse, lambda _: options.iterations, sys.stderr)
        for links in best_links(model, options.input, options.reverse):
            sys.stdout.write(format_links(links) + "\n")
    except InputError as error:
        sys.exit(f"fast_align: {error}")


if __name__ == "__main__":
    main(sys.argv[1:])
