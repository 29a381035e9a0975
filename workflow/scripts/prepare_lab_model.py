"""Write the lab's encoder, multilingual-e5-small, as a Hugging Face directory: first layers, trimmed vocabulary."""

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
    from realign.encoders.e5 import packaged_file, read_e5
    from realign.encoders.lab import write_lab_encoder
    from realign.text.files import read_lines

    vocabulary = snakemake.input.get("vocabulary")
    keep = set(read_lines(Path(vocabulary))) if vocabulary else None
    with new_checkpoint(Path(snakemake.output.manifest).parent) as folder:
        file = read_e5(packaged_file())
        write_lab_encoder(file, folder, snakemake.params.layers, keep)
        manifest = Manifest(
            weights_sha256=sha256_of(folder / WEIGHTS),
            model=snakemake.wildcards.model,
            inputs={vocabulary: sha256_of(Path(vocabulary))} if vocabulary else {},
            versions=library_versions(),
        )
        write_manifest(folder, manifest)
