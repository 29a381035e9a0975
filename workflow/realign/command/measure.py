"""`realign measure`: the alignment of an encoder as CSV."""

from collections.abc import Sequence

from realign.api.measuring import measure
from realign.api.settings import MEASURING
from realign.command.options import (
    add_aligner,
    add_bitext,
    add_common,
    add_encoder,
    add_output,
    add_settings,
    output,
    path,
    refuse_two_pipes,
    settings_in,
)
from realign.jobs.parsers import command_parser


def main(arguments: Sequence[str]) -> None:
    """Write a row for each layer, direction and measure."""
    parser = command_parser(
        "measure",
        "Measure how well the words of translations align inside an encoder. The table is CSV: layer (0 is the "
        "embeddings),\ndirection (forward is from source to target), measure, score, and n, the number of word pairs.",
        "realign measure path/to/encoder en.txt fr.txt --dictionary en-fr.txt",
    )
    add_encoder(parser)
    add_bitext(parser)
    parser.add_argument("--dictionary", type=path, metavar="FILE", help="a word and its translation in each line")
    parser.add_argument("--links", type=path, metavar="FILE", help="word links in Pharaoh format instead of an aligner")
    add_aligner(parser)
    parser.add_argument("--raw", nargs=2, metavar="LANGUAGE", help="the languages, to split raw sentences into words")
    add_output(parser, "the rows")
    add_common(parser)
    add_settings(parser, "settings", MEASURING)
    given = parser.parse_args(arguments)
    refuse_two_pipes(given.source, given.target, given.dictionary, given.links)
    table = measure(
        given.encoder,
        given.source,
        given.target,
        links=given.links,
        aligner=given.aligner,
        dictionary=given.dictionary,
        raw=given.raw and tuple(given.raw),
        threads=given.threads,
        **settings_in(given, MEASURING),
    )
    with output(given.out) as out:
        table.to_csv(out, index=False)
