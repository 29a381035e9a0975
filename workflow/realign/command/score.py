"""`realign score`: what a fine-tuned model scores, as CSV."""

import csv
from collections.abc import Sequence
from pathlib import Path

from realign.api.settings import SCORING, kind_fields
from realign.api.tasks import score
from realign.command.options import add_common, add_output, add_settings, output, path, settings_in
from realign.jobs.bars import bar
from realign.jobs.parsers import command_parser
from realign.tasks.registry import KINDS


def main(arguments: Sequence[str]) -> None:
    """Write a row for each file and metric."""
    parser = command_parser(
        "score",
        "Score a fine-tuned model on labelled files, in any language. The table is CSV: file, metric, score, and n, "
        "the number\nof labels scored.",
        "realign score tagger en.test.conllu fr.test.conllu",
    )
    parser.add_argument("model", type=Path, help="a directory that `realign finetune` or a study has saved")
    parser.add_argument("test", type=path, nargs="+", help="labelled examples in the task's format; - is stdin")
    add_output(parser, "the rows")
    add_common(parser)
    add_settings(parser, "settings", SCORING)
    for kind in KINDS:
        if kind_fields(kind):
            add_settings(parser, f"settings of {kind.name}", kind_fields(kind))
    given = parser.parse_args(arguments)
    fields = {**{name: field for kind in KINDS for name, field in kind_fields(kind).items()}, **SCORING}
    rows = []
    for test in bar(given.test, desc="scoring", unit="file"):
        found = score(given.model, test, threads=given.threads, **settings_in(given, fields))
        metrics = {found.metric: found.score, **found.further}
        rows += [[test, metric, value, found.n] for metric, value in metrics.items()]
    with output(given.out) as out:
        csv.writer(out, lineterminator="\n").writerows([["file", "metric", "score", "n"], *rows])
