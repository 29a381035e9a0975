"""Gather every score and every alignment into the two tidy tables."""

from pathlib import Path
from typing import TYPE_CHECKING

from realign.job import job

if TYPE_CHECKING:
    from snakemake.script import snakemake

with job(snakemake.log[0]):
    from realign.analysis.tables import alignment_table, read_records, scores_table, write_table
    from realign.observations import AlignmentRecord, ScoreRecord

    scores = read_records(snakemake.input.scores, ScoreRecord)
    encoders = read_records(snakemake.input.alignment, AlignmentRecord)
    write_table(scores_table(scores, snakemake.params.source_language), Path(snakemake.output.scores))
    write_table(alignment_table(scores, encoders, snakemake.params.steps_of_task), Path(snakemake.output.alignment))
