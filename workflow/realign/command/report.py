"""`realign report`: what a finished study found, in sentences."""

import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path

import yaml

from realign.analysis.answers import correlation_answer, gain_answer
from realign.analysis.tables import BASELINE, read_table
from realign.config.reading import check_config_file, read_config
from realign.errors import InputError
from realign.jobs.parsers import command_parser
from realign.text.files import RESULTS


def main(arguments: Sequence[str]) -> None:
    """Print what the tables of a study say; raises `InputError` if a table is missing."""
    said = "Say in sentences what a finished study found, with intervals; the tables are in results/."
    parser = command_parser("report", said, "realign report study")
    parser.add_argument("folder", type=Path, nargs="?", default=Path(), help="the study (default: here)")
    folder = parser.parse_args(arguments).folder
    try:
        paragraphs = list(findings(folder))
    except LookupError:  # a column or a row that the config asks for
        results = folder / RESULTS
        raise InputError(f"{results}: its tables are not those of config.yaml; `realign run` makes them") from None
    print("\n\n".join(textwrap.fill(paragraph, 100) for paragraph in paragraphs))


def findings(folder: Path) -> Iterator[str]:
    """A paragraph on each task's correlation and on the gain of each method, and where the page with all of it is."""
    check_config_file(folder / "config.yaml")
    config = read_config(yaml.safe_load((folder / "config.yaml").read_text(encoding="utf-8")))
    tables = [folder / RESULTS / f"{name}.csv" for name in ("correlations", "realignment")]
    for table in tables:
        if not table.exists():
            raise InputError(f"{table}: no such file; `realign run` makes it")
    correlations, gains = map(read_table, tables)
    for task in config.task_entries:
        yield f"{task}: " + correlation_answer(
            correlations, task, config.measurement.measures[0], config.analysis.confidence
        )
        for name, method in config.all_methods.items():
            if name != BASELINE:
                yield (
                    f"{task}, {method.label}: gain over the baseline "
                    f"{gain_answer(gains, task, name, config.source_language)}"
                )
    page = folder / RESULTS / "report.html"
    if page.exists():
        yield f"Tables and figures: {page}"
