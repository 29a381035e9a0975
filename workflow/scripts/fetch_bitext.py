"""Fetch the raw sentence pairs of one language and split from the hub, as two tab-separated columns."""

from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from realign.job import job

if TYPE_CHECKING:
    from snakemake.script import snakemake

with job(snakemake.log[0], online=True):
    from realign.sources.fetching import write_provenance
    from realign.sources.hub import OPUS100, read_translations, resolve
    from realign.text.files import atomic_writer

    wildcards, params = snakemake.wildcards, snakemake.params
    commit = resolve(OPUS100, params.revision)
    pairs = read_translations(params.source_language, wildcards.lang, wildcards.split, commit)
    limit = params.max_pairs if wildcards.split == "train" else None
    written = 0
    with atomic_writer(Path(snakemake.output.bitext)) as out:
        for source, target in islice(pairs, limit):
            if source and target:
                out.write(f"{source}\t{target}\n")
                written += 1
    write_provenance(Path(snakemake.output.provenance), repository=OPUS100, revision=commit, pairs=written)
