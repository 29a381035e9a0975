"""Fine-tune an encoder on a task while realigning it: one batch of linked sentence pairs per step."""

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
    from realign.realignment.joint import jointly
    from realign.realignment.linked_bitext import pair_files
    from realign.training.checkpointing import Destination, Execution, fingerprints

    wildcards, files, params = snakemake.wildcards, snakemake.input, snakemake.params
    settings = dict(params.settings)
    kind, at_once = settings.pop("kind"), settings.pop("micro_batch_size")
    base, bitext = Path(files.encoder).parent, pair_files(files.bitext, files.get("links"))
    manifest = Manifest(
        model=wildcards.model,
        method=params.method,
        task=wildcards.task,
        seed=int(wildcards.seed),
        realignment=params.realignment,
        inputs=fingerprints(files),
    )
    use_threads(snakemake.threads)
    finetune_checkpoint(
        LabelledInput(base, Path(files.train), kind),
        FinetuningSettings(**settings),
        Destination(Path(snakemake.output.manifest).parent, manifest, params.dtype),
        Execution(
            params.precision,
            at_once,
            str(dict(params.items())),
            snakemake.resources.state_seconds,
            params.gradient_cosine,
        ),
        extend=jointly(base, bitext, params.realignment),
    )
