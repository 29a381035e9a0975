"""Fetch the dictionary from the source language to one language."""

from pathlib import Path
from typing import TYPE_CHECKING

from realign.jobs.job import job

if TYPE_CHECKING:
    from snakemake.script import snakemake

with job(snakemake.log[0], online=True):
    from realign.sources.provenance import write_provenance
    from realign.sources.web import download

    settings = snakemake.params.settings
    digest = download(settings["url"], Path(snakemake.output.dictionary), settings["sha256"])
    write_provenance(Path(snakemake.output.provenance), url=settings["url"], sha256=digest)
