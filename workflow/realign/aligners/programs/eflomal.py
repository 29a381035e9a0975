"""eflomal (Östling and Tiedemann 2016) on fast_align's command line, based on the maintained model of `sil-thot`.

    python -m realign.aligners.programs.eflomal -i bitext.txt --seed 1 --samplers 3 [-r] > links.txt

Reads `source ||| target` lines and prints Pharaoh links, source index first also with `-r`. The same seed gives the
same links; the original program takes no seed.
"""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from realign.aligners.programs.fast_align import OneSentenceParser, best_links, train
from realign.aligners.programs.models import thot
from realign.errors import InputError
from realign.text.pharaoh import format_links

if TYPE_CHECKING:
    from thot.alignment import EflomalAlignmentModel


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
    """An untrained model of words, jumps and fertility, which computes on one thread."""
    model: EflomalAlignmentModel = thot("alignment").EflomalAlignmentModel()
    model.seed, model.num_samplers, model.deterministic = options.seed, options.samplers, True
    return model


def main(arguments: list[str]) -> None:
    """Run the program; a user's mistake ends it with one sentence and exit status 1."""
    options = parse_arguments(arguments)
    try:
        model = new_model(options)
        train(model, options.input, options.reverse, lambda model: model.scheduled_iterations, sys.stderr)
        for links in best_links(model, options.input, options.reverse):
            sys.stdout.write(format_links(links) + "\n")
    except InputError as error:
        sys.exit(f"eflomal: {error}")


if __name__ == "__main__":
    main(sys.argv[1:])
