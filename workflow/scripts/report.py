"""Write the report: answers, figures and tables in one page."""

from pathlib import Path
from typing import TYPE_CHECKING

from realign.jobs.job import job

if TYPE_CHECKING:
    from snakemake.script import snakemake

with job(snakemake.log[0]):
    from realign.pages.report import write_report

    write_report(Path(snakemake.output[0]), [Path(path) for path in snakemake.input], snakemake.params.settings)
