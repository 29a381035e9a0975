"""Fetch the raw sentence pairs of one language and split from the hub, as two tab-separated columns."""

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from realign.jobs.job import job

if TYPE_CHECKING:
    from snakemake.script import snakemake

with job(snakemake.log[0], online=True):
    from realign.sources.parallel import write_pairs
    from realign.sources.provenance import write_provenance
    from realign.sources.requests import BitextRequest

    wildcards, settings = snakemake.wildcards, snakemake.params.settings
    corpus = import_module(settings["module"])
    path, sides = Path(snakemake.output.bitext), (settings["source_language"], wildcards.lang)
    request = BitextRequest(*sides, wildcards.split, settings["corpus"], settings["limit"], path.parent)
    pairs, provenance = corpus.fetch(request)
    written, found = write_pairs(path, pairs, settings["limit"], settings.get("sha256"))
    write_provenance(Path(snakemake.output.provenance), **provenance, pairs=written, pairs_sha256=found)
