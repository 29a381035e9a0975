"""The command line of fast_align's `atools`, for symmetrisation: combine the links of both directions.

python -m realign.aligners.programs.atools -i forward.txt -j reverse.txt -c grow-diag-final-and > links.txt
"""

import sys
from itertools import zip_longest
from pathlib import Path

from realign.aligners.programs.fast_align import OneSentenceParser
from realign.errors import InputError
from realign.text.pharaoh import Link, format_links, read_links

COMMANDS = ("intersect", "union", "grow-diag", "grow-diag-final", "grow-diag-final-and")
NEAR = [(i, j) for i in (-1, 0, 1) for j in (-1, 0, 1) if i or j]
"""The steps to a link's neighbours, the diagonal ones too."""


def symmetrize(forward: list[Link], reverse: list[Link], command: str) -> list[Link]:
    """Combine two sets of links over the same sentence pair (Koehn, Och and Marcu 2003); returns them sorted.

    `grow-diag` starts with the links of both sides, and adds neighbours that one side has as long as they link a word
    without a link. `final` then adds all other links of a side that link such a word, `final-and` two such words.
    """
    sides, union = (set(forward), set(reverse)), {*forward, *reverse}
    if command == "union":
        return sorted(union)
    links = sides[0] & sides[1]
    if command != "intersect":
        sources, targets = {i for i, _ in links}, {j for _, j in links}

        def add(link: Link) -> None:
            links.add(link)
            sources.add(link[0])
            targets.add(link[1])

        candidates, before = sorted(union - links), 0
        while before < len(links):
            before = len(links)
            for i, j in candidates:
                new = i not in sources or j not in targets
                if new and any((i + down, j + right) in links for down, right in NEAR):
                    add((i, j))
        if "final" in command:
            of_the_new = all if command.endswith("and") else any
            for i, j in [link for side in sides for link in sorted(side - links)]:
                if of_the_new((i not in sources, j not in targets)):
                    add((i, j))
    return sorted(links)


def main(arguments: list[str]) -> None:
    """Run the program; a user's mistake ends it with one sentence and exit status 1."""
    parser = OneSentenceParser("atools", description=__doc__)
    parser.add_argument("-i", "--input", type=Path, required=True, help="Pharaoh links of the forward direction")
    parser.add_argument("-j", "--input_2", type=Path, required=True, help="Pharaoh links of the reverse direction")
    parser.add_argument("-c", "--command", choices=COMMANDS, required=True, help="how to combine them")
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
