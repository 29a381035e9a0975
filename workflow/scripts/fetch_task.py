"""Fetch the labelled sentences of one task, language and split, and bring them into a Parquet file."""

from pathlib import Path
from typing import TYPE_CHECKING

from realign.job import job

if TYPE_CHECKING:
    from snakemake.script import snakemake

with job(snakemake.log[0], online=True):
    from realign.sources.fetching import write_provenance
    from realign.sources.labelled import fetch_pairs, fetch_sentences
    from realign.tasks.data import write_token_data
    from realign.tasks.pairs import PAIR_TASKS, write_pair_data

    wildcards, artifact = snakemake.wildcards, Path(snakemake.output.data)
    entry, limit = snakemake.params.entry, snakemake.params.limit
    if wildcards.task in PAIR_TASKS:
        pairs, labels, provenance = fetch_pairs(entry, wildcards.lang, wildcards.split, limit)
        write_pair_data(artifact, pairs, labels)
    else:
        sentences, labels, provenance = fetch_sentences(entry, wildcards.lang, wildcards.split, limit, artifact.parent)
        write_token_data(artifact, sentences, labels)
    write_provenance(Path(snakemake.output.provenance), **provenance)
