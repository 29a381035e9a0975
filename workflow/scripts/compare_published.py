"""Put the experiment's scores and gains beside those of a published study."""

from pathlib import Path
from typing import TYPE_CHECKING

from realign.jobs.job import job

if TYPE_CHECKING:
    from snakemake.script import snakemake

with job(snakemake.log[0]):
    from realign.analysis.published import Names, beside_published
    from realign.analysis.tables import every_metric, read_table, write_table
    from realign.text.published import read_published

    params, files = snakemake.params, snakemake.input
    table = beside_published(
        every_metric(read_table(Path(files.scores))),
        read_published(Path(files.published)),
        Names(**params.names),
        list(params.names["methods"]),
        confidence=params.confidence,
    )
    write_table(table, Path(snakemake.output[0]))
