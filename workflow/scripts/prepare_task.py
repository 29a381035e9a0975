"""Write the labelled examples of one task, language and split as Parquet."""

from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from realign.jobs.job import job

if TYPE_CHECKING:
    from snakemake.script import snakemake

with job(snakemake.log[0]):
    from realign.errors import InputError
    from realign.sources.provenance import write_provenance
    from realign.text.files import sha256_of

    settings, file = snakemake.params.settings, Path(snakemake.input[0])
    task, data = import_module(settings["reader"]), import_module(settings["data"])
    labels = tuple(settings["labels"])
    limit = settings.get("limit")
    examples = list(islice(task.read(file, labels), limit))
    if not examples:
        raise InputError(f"{file}: no {data.EXAMPLES}")
    if limit is not None and len(examples) < limit:
        raise InputError(f"{file}: {len(examples)} {data.EXAMPLES}, but training_sentences in the config is {limit}")
    data.write_examples(Path(snakemake.output.examples), examples, labels)
    provenance = {"source": settings["source"], "file": file.name, "sha256": sha256_of(file)}
    write_provenance(Path(snakemake.output.provenance), **provenance)
