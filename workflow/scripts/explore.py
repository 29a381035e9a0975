"""Write the explorer: every observation in one interactive page."""

from pathlib import Path
from typing import TYPE_CHECKING

from realign.jobs.job import job

if TYPE_CHECKING:
    from snakemake.script import snakemake

with job(snakemake.log[0]):
    from realign.analysis.tables import read_table
    from realign.pages.explore import write_explorer

    tables = {name: read_table(Path(path)) for name, path in snakemake.input.items()}
    write_explorer(Path(snakemake.output[0]), tables, snakemake.params.settings)
