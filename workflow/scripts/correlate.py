"""Correlate alignment with cross-lingual transfer (Spearman's ρ with bootstrap intervals)."""

from pathlib import Path
from typing import TYPE_CHECKING

from realign.jobs.job import job

if TYPE_CHECKING:
    from snakemake.script import snakemake

with job(snakemake.log[0]):
    from realign.analysis.correlation import correlations
    from realign.analysis.tables import read_table, write_table

    settings, statistics = snakemake.params.settings, snakemake.params.statistics
    table = correlations(
        read_table(Path(snakemake.input.scores)),
        read_table(Path(snakemake.input.alignment)),
        settings["methods"],
        settings["measures"],
        resamples=statistics["bootstrap"],
        confidence=statistics["confidence"],
        seed=statistics["seed"],
    )
    write_table(table, Path(snakemake.output[0]))
