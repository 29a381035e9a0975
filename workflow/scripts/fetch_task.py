"""Fetch the labelled examples of one task, language and split, and write them as Parquet."""

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from realign.jobs.job import job

if TYPE_CHECKING:
    from snakemake.script import snakemake

with job(snakemake.log[0], online=True):
    from realign.sources.provenance import write_provenance
    from realign.sources.requests import LabelledRequest

    wildcards, settings, artifact = snakemake.wildcards, snakemake.params.settings, Path(snakemake.output.examples)
    corpus, data = import_module(settings["reader"]), import_module(settings["data"])
    labels = tuple(settings["labels"])
    request = LabelledRequest(
        wildcards.lang, wildcards.split, settings["limit"], labels, artifact.parent, settings["corpus"]
    )
    examples, provenance = corpus.fetch(request)
    data.write_examples(artifact, examples, labels)
    write_provenance(Path(snakemake.output.provenance), **provenance)
