"""Fetch the dictionary from the source language to one language."""

from pathlib import Path
from typing import TYPE_CHECKING

from realign.job import job

if TYPE_CHECKING:
    from snakemake.script import snakemake

with job(snakemake.log[0], online=True):
    from realign.sources.fetching import write_provenance
    from realign.sources.web import download

    url = snakemake.params.url
    digest = download(url, Path(snakemake.output.dictionary), snakemake.params.sha256)
    write_provenance(Path(snakemake.output.provenance), url=url, sha256=digest)
