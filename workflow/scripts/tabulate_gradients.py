"""Collect the cosines between the gradients of task and realignment from all trainings."""

from pathlib import Path
from typing import TYPE_CHECKING

from realign.jobs.job import job

if TYPE_CHECKING:
    from snakemake.script import snakemake

with job(snakemake.log[0]):
    from realign.analysis.gradients import gradients_table
    from realign.analysis.tables import write_table

    logs = [(*about, path) for about, path in zip(snakemake.params.runs, snakemake.input, strict=True)]
    write_table(gradients_table(logs), Path(snakemake.output[0]))
