"""Train an encoder to give translated words similar representations (Wu and Dredze 2020)."""

from pathlib import Path
from typing import TYPE_CHECKING

from realign.gpus import claim_device
from realign.job import job

if TYPE_CHECKING:
    from snakemake.script import snakemake

with job(snakemake.log[0], snakemake.threads):
    claim_device()  # before torch is imported

    from realign.devices import pick_device, seed_everything, use_threads
    from realign.encoders.checkpoint import Manifest, load_encoder
    from realign.encoders.words import WordTokenizer
    from realign.limits import check_length
    from realign.realignment import RealignmentObjective, linked_files, mixed_batches
    from realign.stage import Resumption, fingerprints, train_checkpoint
    from realign.training import Plan

    settings, wildcards = snakemake.params.settings, snakemake.wildcards
    seed, steps = int(wildcards.seed), int(wildcards.steps)
    base = Path(snakemake.input.encoder).parent
    use_threads(snakemake.threads)
    order = seed_everything(seed)
    encoder = load_encoder(base, pick_device())
    check_length(encoder, settings["max_length"], "realignment")
    files = linked_files(snakemake.input.bitext, snakemake.input.pairs)
    objective = RealignmentObjective(
        encoder,
        WordTokenizer(base, settings["max_length"]),
        mixed_batches(files, settings["batch_size"], order),
        layers=settings["layers"],
        temperature=settings["temperature"],
        strength=settings["strength"],
    )
    train_checkpoint(
        encoder,
        objective,
        Plan(settings["learning_rate"], steps),
        Manifest(
            model=wildcards.model,
            method=f"before-{wildcards.aligner}",
            seed=seed,
            steps=steps,
            inputs=fingerprints(snakemake.input),
        ),
        base=base,
        folder=Path(snakemake.output.manifest).parent,
        sentences=steps * settings["batch_size"],
        precision=snakemake.params.precision,
        dtype=snakemake.params.dtype,
        resume=Resumption(str(dict(snakemake.params.items())), snakemake.resources.state_seconds),
        rows=settings["micro_batch_size"],
        label="realignment",
    )
