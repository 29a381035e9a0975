"""Fetch an encoder from the hub and convert it to the form that all stages read."""

from pathlib import Path
from typing import TYPE_CHECKING

from realign.jobs.job import job

if TYPE_CHECKING:
    from snakemake.script import snakemake

with job(snakemake.log[0], online=True):
    from realign.encoders.checkpoint import new_checkpoint, write_pretrained_manifest
    from realign.encoders.importing import import_encoder
    from realign.encoders.random_weights import draw_weights
    from realign.sources.hub import resolve
    from realign.sources.hub_models import snapshot

    name, revision = (snakemake.params.settings[key] for key in ("name", "revision"))
    commit = resolve(name, revision, "model")
    init_seed = snakemake.params.settings.get("init_seed")
    with new_checkpoint(Path(snakemake.output.manifest).parent) as folder:
        import_encoder(snapshot(name, commit), folder)
        if init_seed is not None:
            draw_weights(folder, init_seed)
        write_pretrained_manifest(folder, snakemake.wildcards.model, [], origin=f"{name}@{commit}", init_seed=init_seed)
