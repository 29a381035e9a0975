"""The command line of fast_align's `atools`, for symmetrisation: combine the links of both directions.

python -m realign.aligners.programs.atools -i forward.txt -j reverse.txt -c grow-diag-final-and > links.txt
"""

import sys
from itertools import zip_longest
from pathlib import Path

from realign.aligners.programs.fast_align import OneSentenceParser
from realign.aligners.programs.models import thot
from realign.errors import InputError
from realign.text.pharaoh import Link, format_links, read_links

COMMANDS = {
    "intersect": "intersect",
    "union": "union",
    "grow-diag": "grow_diag",
    "grow-diag-final": "grow_diag_final",
    "grow-diag-final-and": "grow_diag_final_and",
}
"""The methods of `WordAlignmentMatrix` by their name in atools."""


def symmetrize(forward: list[Link], reverse: list[Link], command: str) -> list[Link]:
    """Combine two sets of links over the same sentence pair."""
    links = forward + reverse
    if not links:
        return []
    rows, columns = max(i for i, _ in links) + 1, max(j for _, j in links) + 1
    matrices = []
    for side in (forward, reverse):
        matrix = thot("common").WordAlignmentMatrix(rows, columns)
        for i, j in side:
            matrix.set(i, j)
        matrices.append(matrix)
    getattr(matrices[0], COMMANDS[command])(matrices[1])
    found_rows, found_columns = matrices[0].to_numpy().nonzero()
    return list(zip(found_rows.tolist(), found_columns.tolist(), strict=True))


def main(arguments: list[str]) -> None:
    """Run the program; a user's mistake ends it with one sentence and exit status 1."""
    parser = OneSentenceParser("atools", description=__doc__)
    parser.add_argument("-i", "--input", type=Path, required=True, help="Pharaoh links of the forward direction")
    parser.add_argument("-j", "--input_2", type=Path, required=True, help="Pharaoh links of the reverse direction")
    parser.add_argument("-c", "--command", choices=list(COMMANDS), required=True, help="how to combine them")
    options = parser.parse_args(arguments)
    try:
        lines = zip_longest(read_links(options.input), read_links(options.input_2))
        for number, (forward, reverse) in enumerate(lines, 1):
            if forward is None or reverse is None:
                short = options.input if forward is None else options.input_2
                raise InputError(f"{short}: ends after {number - 1} lines, before the other direction does")
            sys.stdout.write(format_links(symmetrize(forward, reverse, options.command)) + "\n")
    except InputError as error:
        sys.exit(f"atools: {error}")


if __name__ == "__main__":
    main(sys.argv[1:])
