"""List the models: layers, width, vocabulary, parameters."""

from pathlib import Path
from typing import TYPE_CHECKING

from realign.jobs.job import job

if TYPE_CHECKING:
    from snakemake.script import snakemake

with job(snakemake.log[0]):
    from realign.analysis.models import models_table
    from realign.analysis.tables import write_table
    from realign.encoders.checkpoint import read_manifest

    folders = [Path(path).parent for path in snakemake.input.weights]
    for folder in folders:
        read_manifest(folder)  # refuses damaged files
    table = models_table(zip(snakemake.params.models, folders, strict=True))
    write_table(table, Path(snakemake.output[0]))
