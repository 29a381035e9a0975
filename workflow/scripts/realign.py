"""Train an encoder to give translated words similar representations (Wu and Dredze 2020)."""

from pathlib import Path
from typing import TYPE_CHECKING

from realign.jobs.gpus import claim_device
from realign.jobs.job import job

if TYPE_CHECKING:
    from snakemake.script import snakemake

with job(snakemake.log[0], snakemake.threads):
    claim_device()  # before torch is imported

    from realign.encoders.checkpoint import Manifest, load_encoder
    from realign.encoders.devices import pick_device, seed_everything, use_threads
    from realign.realignment.linked_bitext import linked_files
    from realign.realignment.objective import RealignmentSettings, realignment_objective
    from realign.training.checkpointing import Destination, Execution, fingerprints, train_checkpoint
    from realign.training.loop import Plan

    wildcards, files, params = snakemake.wildcards, snakemake.input, snakemake.params
    given, seed, base = dict(params.settings), int(wildcards.seed), Path(files.encoder).parent
    steps, rate, at_once = given.pop("steps"), given.pop("learning_rate"), given.pop("micro_batch_size")
    settings = RealignmentSettings(**given)
    use_threads(snakemake.threads)
    rng = seed_everything(seed)
    encoder = load_encoder(base, pick_device())
    objective = realignment_objective(encoder, base, linked_files(files.bitext, files.links), settings, rng)
    manifest = Manifest(
        model=wildcards.model,
        method="realigned",
        seed=seed,
        steps=steps,
        realignment={"recipe": wildcards.recipe, **params.settings},
        inputs=fingerprints(files),
    )
    train_checkpoint(
        encoder,
        objective,
        Plan(rate, steps),
        base,
        Destination(Path(snakemake.output.manifest).parent, manifest, params.dtype),
        Execution(params.precision, at_once, str(dict(params.items())), snakemake.resources.state_seconds),
        sentences=steps * settings.batch_size,
    )
