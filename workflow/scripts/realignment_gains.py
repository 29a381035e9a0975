"""Compare every method with the baseline: gain in score by model, task and language, with bootstrap intervals."""

from pathlib import Path
from typing import TYPE_CHECKING

from realign.jobs.job import job

if TYPE_CHECKING:
    from snakemake.script import snakemake

with job(snakemake.log[0]):
    from realign.alignment.records import ScoreRecord
    from realign.analysis.gains import realignment_gains
    from realign.analysis.tables import read_records, write_table

    settings, statistics = snakemake.params.settings, snakemake.params.statistics
    table = realignment_gains(
        read_records(snakemake.input, ScoreRecord),
        settings["source_language"],
        settings["methods"],
        resamples=statistics["bootstrap"],
        confidence=statistics["confidence"],
        seed=statistics["seed"],
    )
    write_table(table, Path(snakemake.output[0]))
