"""`realign config`: the reference of every key of a config."""

from collections.abc import Sequence

from realign.config.reference import reference
from realign.jobs.parsers import command_parser


def main(arguments: Sequence[str]) -> None:
    """Print the reference, in Markdown."""
    said = "Print what every key of a config means, and its default, in Markdown."
    command_parser("config", said, "realign config | less").parse_args(arguments)
    print(reference(), end="")
