"""Fetch the raw sentence pairs of one language and split from the hub, as two tab-separated columns."""

from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from realign.jobs.job import job

if TYPE_CHECKING:
    from snakemake.script import snakemake

with job(snakemake.log[0], online=True):
    from realign.sources.provenance import write_provenance
    from realign.sources.requests import BitextRequest
    from realign.text.files import atomic_writer

    wildcards, settings = snakemake.wildcards, snakemake.params.settings
    corpus = import_module(settings["module"])
    request = BitextRequest(settings["source_language"], wildcards.lang, wildcards.split, settings["corpus"])
    pairs, provenance = corpus.fetch(request)
    written = 0
    with atomic_writer(Path(snakemake.output.bitext)) as out:
        for source, target in islice(pairs, settings["limit"]):
            if source and target:
                out.write(f"{source}\t{target}\n")
                written += 1
    write_provenance(Path(snakemake.output.provenance), **provenance, pairs=written)
