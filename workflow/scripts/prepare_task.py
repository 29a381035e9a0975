"""Bring the annotated sentences of one task, language and split into a Parquet file."""

from pathlib import Path
from typing import TYPE_CHECKING

from realign.job import job

if TYPE_CHECKING:
    from snakemake.script import snakemake

with job(snakemake.log[0]):
    from realign.tasks.data import read_sentences, write_token_data
    from realign.tasks.pairs import PAIR_TASKS, read_pairs, write_pair_data

    task, labels = snakemake.wildcards.task, snakemake.params.labels
    source, artifact = Path(snakemake.input[0]), Path(snakemake.output[0])
    if task in PAIR_TASKS:
        write_pair_data(artifact, *read_pairs(source, labels))
    else:
        write_token_data(artifact, *read_sentences(task, source, labels))
