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
    from realign.realignment.linked_bitext import pair_files
    from realign.realignment.objective import RealignmentSettings, realignment_objective
    from realign.training.checkpointing import Destination, Execution, fingerprints, train_checkpoint
    from realign.training.loop import Plan

    wildcards, files, params = snakemake.wildcards, snakemake.input, snakemake.params
    given, seed, base = dict(params.settings), int(wildcards.seed), Path(files.encoder).parent
    plan = Plan(given.pop("learning_rate"), given.pop("steps"), max_gradient_norm=given.pop("max_gradient_norm"))
    at_once = given.pop("micro_batch_size")
    settings = RealignmentSettings(**given)
    use_threads(snakemake.threads)
    rng = seed_everything(seed)
    encoder = load_encoder(base, pick_device())
    objective = realignment_objective(encoder, base, pair_files(files.bitext, files.get("links")), settings, rng)
    manifest = Manifest(
        model=wildcards.model,
        method="realigned",
        seed=seed,
        steps=plan.steps,
        realignment={"recipe": wildcards.recipe, **params.settings},
        inputs=fingerprints(files),
    )
    train_checkpoint(
        encoder,
        objective,
        plan,
        base,
        Destination(Path(snakemake.output.manifest).parent, manifest, params.dtype),
        Execution(params.precision, at_once, str(dict(params.items())), snakemake.resources.state_seconds),
        sentences=plan.steps * settings.batch_size,
    )
