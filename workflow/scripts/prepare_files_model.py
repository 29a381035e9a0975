"""Convert a user's Hugging Face directory to the form that all stages read: one safetensors file, a fast tokenizer."""

from pathlib import Path
from typing import TYPE_CHECKING

from realign.jobs.job import job

if TYPE_CHECKING:
    from snakemake.script import snakemake

with job(snakemake.log[0]):
    from realign.encoders.checkpoint import new_checkpoint, write_pretrained_manifest
    from realign.encoders.importing import import_encoder
    from realign.encoders.random_weights import draw_weights

    init_seed = snakemake.params.settings.get("init_seed")
    with new_checkpoint(Path(snakemake.output.manifest).parent) as folder:
        import_encoder(Path(snakemake.input[0]).parent, folder)
        if init_seed is not None:
            draw_weights(folder, init_seed)
        write_pretrained_manifest(folder, snakemake.wildcards.model, snakemake.input, init_seed=init_seed)
