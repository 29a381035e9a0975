"""Compute the relative change of alignment by fine-tuning, by model, task, language and layer."""

from pathlib import Path
from typing import TYPE_CHECKING

from realign.jobs.job import job

if TYPE_CHECKING:
    from snakemake.script import snakemake

with job(snakemake.log[0]):
    from realign.analysis.gains import alignment_change
    from realign.analysis.tables import read_table, write_table

    scores, alignment = (read_table(Path(snakemake.input[name])) for name in ("scores", "alignment"))
    settings = snakemake.params.settings
    table = alignment_change(scores, alignment, settings["methods"], settings["measures"])
    write_table(table, Path(snakemake.output[0]))
