"""Fine-tune an encoder on a token task in the source language."""

from pathlib import Path
from typing import TYPE_CHECKING

from realign.gpus import claim_device
from realign.job import job

if TYPE_CHECKING:
    from snakemake.script import snakemake

with job(snakemake.log[0], snakemake.threads):
    claim_device()  # before torch is imported

    from realign.devices import use_threads
    from realign.encoders.checkpoint import Manifest
    from realign.stage import Resumption, fingerprints
    from realign.tuning import finetune_checkpoint

    wildcards = snakemake.wildcards
    use_threads(snakemake.threads)
    finetune_checkpoint(
        Path(snakemake.input.encoder).parent,
        Path(snakemake.input.train),
        snakemake.params.settings,
        Manifest(
            model=wildcards.model,
            method=wildcards.method,
            task=wildcards.task,
            seed=int(wildcards.seed),
            inputs=fingerprints(snakemake.input),
        ),
        folder=Path(snakemake.output.manifest).parent,
        precision=snakemake.params.precision,
        dtype=snakemake.params.dtype,
        resume=Resumption(str(dict(snakemake.params.items())), snakemake.resources.state_seconds),
    )
