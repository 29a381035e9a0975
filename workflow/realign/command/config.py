"""`realign config`: the reference of every key of a config."""

import argparse
from collections.abc import Sequence

from realign.config.reference import reference


def main(arguments: Sequence[str]) -> None:
    """Print the reference, in Markdown."""
    parser = argparse.ArgumentParser(
        prog="realign config",
        description="Print what every key of a config means, and its default, in Markdown.",
        epilog="example:\n  realign config | less",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.parse_args(arguments)
    print(reference(), end="")
