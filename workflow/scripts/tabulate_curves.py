"""Put score and alignment of methods that differ by one number in order of that number."""

from pathlib import Path
from typing import TYPE_CHECKING

from realign.jobs.job import job

if TYPE_CHECKING:
    from snakemake.script import snakemake

with job(snakemake.log[0]):
    from realign.analysis.curves import curves_table
    from realign.analysis.tables import read_table, write_table

    files, params = snakemake.input, snakemake.params
    gains, change = read_table(Path(files.realignment)), read_table(Path(files.alignment_change))
    write_table(curves_table(params.curves, gains, change, params.measure), Path(snakemake.output[0]))
