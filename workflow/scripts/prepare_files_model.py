"""Bring a user's Hugging Face directory into the form that all stages read: one safetensors file, a fast tokenizer."""

from pathlib import Path
from typing import TYPE_CHECKING

from realign.job import job

if TYPE_CHECKING:
    from snakemake.script import snakemake

with job(snakemake.log[0]):
    from realign.encoders.checkpoint import (
        WEIGHTS,
        Manifest,
        library_versions,
        new_checkpoint,
        sha256_of,
        write_manifest,
    )
    from realign.encoders.importing import import_encoder

    source = Path(snakemake.params.path)
    with new_checkpoint(Path(snakemake.output.manifest).parent) as folder:
        import_encoder(source, folder)
        manifest = Manifest(
            weights_sha256=sha256_of(folder / WEIGHTS),
            model=snakemake.wildcards.model,
            inputs={path: sha256_of(Path(path)) for path in snakemake.input},
            versions=library_versions(),
        )
        write_manifest(folder, manifest)
