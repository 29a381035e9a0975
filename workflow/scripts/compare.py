"""Compare every method with the baseline: gain in score by model, task and language, with bootstrap intervals."""

from pathlib import Path
from typing import TYPE_CHECKING

from realign.job import job

if TYPE_CHECKING:
    from snakemake.script import snakemake

with job(snakemake.log[0]):
    from realign.analysis.gains import realignment_gains
    from realign.analysis.tables import read_records, write_table
    from realign.observations import ScoreRecord

    settings = snakemake.params.settings
    table = realignment_gains(
        read_records(snakemake.input, ScoreRecord),
        snakemake.params.source_language,
        resamples=settings["bootstrap"],
        confidence=settings["confidence"],
        seed=settings["seed"],
    )
    write_table(table, Path(snakemake.output[0]))
