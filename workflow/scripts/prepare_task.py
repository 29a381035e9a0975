"""Bring the annotated sentences of one task, language and split into a Parquet file."""

from pathlib import Path
from typing import TYPE_CHECKING

from realign.job import job

if TYPE_CHECKING:
    from snakemake.script import snakemake

with job(snakemake.log[0]):
    from realign.tasks.data import read_sentences, write_token_data

    sentences, names = read_sentences(snakemake.wildcards.task, Path(snakemake.input[0]), snakemake.params.labels)
    write_token_data(Path(snakemake.output[0]), sentences, names)
