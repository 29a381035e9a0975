"""Correlate alignment with cross-lingual transfer (Spearman's ρ with bootstrap intervals)."""

from pathlib import Path
from typing import TYPE_CHECKING

from realign.job import job

if TYPE_CHECKING:
    from snakemake.script import snakemake

with job(snakemake.log[0]):
    from realign.analysis.correlation import correlations
    from realign.analysis.tables import read_table, write_table

    settings = snakemake.params.settings
    table = correlations(
        read_table(Path(snakemake.input.scores)),
        read_table(Path(snakemake.input.alignment)),
        resamples=settings["bootstrap"],
        confidence=settings["confidence"],
        seed=settings["seed"],
    )
    write_table(table, Path(snakemake.output[0]))
