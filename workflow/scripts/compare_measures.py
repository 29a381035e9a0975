"""Compare measures of alignment and layers: which predicts transfer best."""

from pathlib import Path
from typing import TYPE_CHECKING

from realign.jobs.job import job

if TYPE_CHECKING:
    from snakemake.script import snakemake

with job(snakemake.log[0]):
    from realign.analysis.predictors import Resampling, predictors
    from realign.analysis.tables import read_table, write_table

    settings, statistics = snakemake.params.settings, snakemake.params.statistics
    table = predictors(
        read_table(Path(snakemake.input.scores)),
        read_table(Path(snakemake.input.alignment)),
        settings["measures"],
        Resampling(statistics["bootstrap"], statistics["confidence"], statistics["seed"]),
    )
    write_table(table, Path(snakemake.output[0]))
