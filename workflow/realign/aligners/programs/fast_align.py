"""The command line of fast_align (Dyer et al. 2013) for the model in `diagonal_model`.

    python -m realign.aligners.programs.fast_align -i bitext.txt -d -o -v [-r] > links.txt

Reads `source ||| target` lines and prints Pharaoh links, source index first also with `-r`, as the original does.
The words and the model are in memory; the numbers of the word pairs, four bytes each, are in a temporary file.
"""

import argparse
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NoReturn, TextIO

from realign.errors import InputError
from realign.text.pharaoh import Link, format_links


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


def best_links(options: argparse.Namespace, log: TextIO) -> Iterator[list[Link]]:
    """Train one direction on the bitext, and give the most probable links of every line, source index first."""
    # compiled when it is imported, which the other programs and the jobs that start this one do not need
    from realign.aligners.programs.diagonal_model import Settings, best_origins, number_pairs, read_sides

    source, target = read_sides(options.input)
    settings = Settings(options.iterations, options.p_null, options.variational_bayes)
    condition, predicted = (target, source) if options.reverse else (source, target)
    with TemporaryDirectory(prefix="fast_align.") as folder:
        pairs = number_pairs(source, target, Path(folder, "cells"))
        for origins in best_origins(
            condition, predicted, pairs, options.reverse, settings, partial(print, file=log, flush=True)
        ):
            links = [(origin, word) for word, origin in enumerate(origins.tolist()) if origin >= 0]
            yield [(word, origin) for origin, word in links] if options.reverse else links


def main(arguments: list[str]) -> None:
    """Run the program; a user's mistake ends it with one sentence and exit status 1."""
    options = parse_arguments(arguments)
    try:
        for links in best_links(options, sys.stderr):
            sys.stdout.write(format_links(links) + "\n")
    except InputError as error:
        sys.exit(f"fast_align: {error}")


if __name__ == "__main__":
    main(sys.argv[1:])
