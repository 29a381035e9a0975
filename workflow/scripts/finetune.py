"""Fine-tune an encoder on a task in the source language."""

from pathlib import Path
from typing import TYPE_CHECKING

from realign.jobs.gpus import claim_device
from realign.jobs.job import job

if TYPE_CHECKING:
    from snakemake.script import snakemake

with job(snakemake.log[0], snakemake.threads):
    claim_device()  # before torch is imported

    from realign.encoders.checkpoint import Manifest
    from realign.encoders.devices import use_threads
    from realign.finetuning import FinetuningSettings, LabelledInput, finetune_checkpoint
    from realign.training.checkpointing import Destination, Execution, fingerprints

    wildcards, files, params = snakemake.wildcards, snakemake.input, snakemake.params
    settings = dict(params.settings)
    kind, at_once = settings.pop("kind"), settings.pop("micro_batch_size")
    manifest = Manifest(
        model=wildcards.model,
        method=params.method,
        task=wildcards.task,
        seed=int(wildcards.seed),
        inputs=fingerprints(files),
    )
    use_threads(snakemake.threads)
    finetune_checkpoint(
        LabelledInput(Path(files.encoder).parent, Path(files.train), kind),
        FinetuningSettings(**settings),
        Destination(Path(snakemake.output.manifest).parent, manifest, params.dtype),
        Execution(params.precision, at_once, str(dict(params.items())), snakemake.resources.state_seconds),
    )
