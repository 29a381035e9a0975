"""Test the study's claims about when realignment helps."""

from pathlib import Path
from typing import TYPE_CHECKING

from realign.jobs.job import job

if TYPE_CHECKING:
    from snakemake.script import snakemake

with job(snakemake.log[0]):
    from realign.analysis.claims import claims
    from realign.analysis.tables import read_table, write_table

    settings, statistics = snakemake.params.settings, snakemake.params.statistics
    table = claims(
        read_table(Path(snakemake.input.scores)),
        read_table(Path(snakemake.input.alignment)),
        read_table(Path(snakemake.input.models)),
        settings["methods"],
        settings["measures"][0],
        resamples=statistics["bootstrap"],
        confidence=statistics["confidence"],
        seed=statistics["seed"],
    )
    write_table(table, Path(snakemake.output[0]))
