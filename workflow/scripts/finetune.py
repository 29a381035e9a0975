"""Fine-tune an encoder on a token task in the source language."""

from pathlib import Path
from typing import TYPE_CHECKING

from realign.job import job

if TYPE_CHECKING:
    from snakemake.script import snakemake

with job(snakemake.log[0], snakemake.threads):
    from realign.devices import pick_device, seed_everything, use_threads
    from realign.encoders.checkpoint import Manifest, load_tagger
    from realign.encoders.words import WordTokenizer
    from realign.finetuning import TaggingObjective, finetuning_steps
    from realign.stage import fingerprints, train_checkpoint
    from realign.tasks.data import read_token_data
    from realign.training import Plan

    settings, wildcards = snakemake.params.settings, snakemake.wildcards
    seed = int(wildcards.seed)
    base = Path(snakemake.input.encoder).parent
    data = read_token_data(Path(snakemake.input.train))
    use_threads(snakemake.threads)
    order = seed_everything(seed)
    tagger = load_tagger(base, pick_device(), data.label_names)
    tokenizer = WordTokenizer(base, settings["max_length"])
    steps = finetuning_steps(len(data.tokens), settings["batch_size"], settings["epochs"])
    train_checkpoint(
        tagger,
        TaggingObjective(tagger, tokenizer, data, settings["batch_size"], order),
        Plan(settings["learning_rate"], steps, settings["warmup"], "linear", settings["weight_decay"]),
        Manifest(
            model=wildcards.model,
            method=wildcards.method,
            task=wildcards.task,
            labels=data.label_names,
            seed=seed,
            steps=steps,
            inputs=fingerprints(snakemake.input),
        ),
        base=base,
        folder=Path(snakemake.output.manifest).parent,
        sentences=settings["epochs"] * len(data.tokens),
        precision=snakemake.params.precision,
        label="fine-tuning",
    )
