"""`realign links`: word links in Pharaoh format."""

from collections.abc import Sequence

from realign.aligners.registry import ALIGNERS
from realign.api.linking import links
from realign.api.settings import LINKING, PRECISION, aligner_fields
from realign.command.options import (
    add_aligner,
    add_bitext,
    add_common,
    add_output,
    add_settings,
    output,
    path,
    refuse_two_pipes,
    settings_in,
)
from realign.jobs.parsers import command_parser
from realign.text.pharaoh import format_links


def main(arguments: Sequence[str]) -> None:
    """Write the links of every sentence pair, a line each."""
    parser = command_parser(
        "links",
        "Link the words of sentence pairs. Line i has the links of line i, such as `0-0 2-1`: the third source word is "
        "linked\nto the second target word. The aligners:\n"
        + "\n".join(f"  {row.name}: {row.summary}" for row in ALIGNERS),
        "realign links en.txt fr.txt --dictionary en-fr.txt > links.txt",
        "zcat bitext.gz | realign links - --symmetrization intersect",
    )
    add_bitext(parser)
    add_aligner(parser)
    parser.add_argument("--dictionary", type=path, metavar="FILE", help="a word and its translation in each line")
    parser.add_argument("--encoder", help="directory, name on the hub, or lab:6, for aligners that compute with one")
    said = "more bitext, for aligners that need statistics"
    parser.add_argument("--context", type=path, nargs=2, metavar=("SOURCE", "TARGET"), help=said)
    parser.add_argument("--raw", nargs=2, metavar="LANGUAGE", help="the languages, to split raw sentences into words")
    add_output(parser, "the links")
    add_common(parser)
    for row in ALIGNERS:
        add_settings(parser, f"settings of {row.name}", aligner_fields(row))
    add_settings(parser, "computation", PRECISION)
    given = parser.parse_args(arguments)
    refuse_two_pipes(given.source, given.target, given.dictionary, *(given.context or ()))
    found = links(
        given.source,
        given.target,
        given.aligner,
        dictionary=given.dictionary,
        encoder=given.encoder,
        context=given.context and tuple(given.context),
        raw=given.raw and tuple(given.raw),
        threads=given.threads,
        **settings_in(given, LINKING),
    )
    with output(given.out) as out:
        out.writelines(format_links(row) + "\n" for row in found)
