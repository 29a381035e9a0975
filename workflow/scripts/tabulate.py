"""Gather every score and every alignment into the two tidy tables."""

from pathlib import Path
from typing import TYPE_CHECKING

from realign.jobs.job import job

if TYPE_CHECKING:
    from snakemake.script import snakemake

with job(snakemake.log[0]) as warn:
    from realign.alignment.records import AlignmentRecord, ScoreRecord
    from realign.analysis.tables import alignment_table, few_pairs, read_records, scores_table, write_table

    settings, starts = snakemake.params.settings, snakemake.params.starting_encoders
    scores = read_records(snakemake.input.scores, ScoreRecord)
    encoders = read_records(snakemake.input.alignment, AlignmentRecord)
    table = scores_table(scores, settings["source_language"], settings["methods"])
    write_table(table, Path(snakemake.output.scores))
    table = alignment_table(scores, encoders, starts, settings["methods"], settings["measures"])
    if few := few_pairs(table):
        warn(few)
    write_table(table, Path(snakemake.output.alignment))
