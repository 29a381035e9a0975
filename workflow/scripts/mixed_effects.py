"""Estimate whether alignment predicts transfer within a language (mixed-effects model)."""

from pathlib import Path
from typing import TYPE_CHECKING

from realign.jobs.job import job

if TYPE_CHECKING:
    from snakemake.script import snakemake

with job(snakemake.log[0]):
    from realign.analysis.mixed import mixed_effects
    from realign.analysis.tables import read_table, write_table

    scores, alignment = (read_table(Path(snakemake.input[name])) for name in ("scores", "alignment"))
    measures = snakemake.params.settings["measures"]
    table = mixed_effects(scores, alignment, measures, confidence=snakemake.params.confidence)
    write_table(table, Path(snakemake.output[0]))
