"""Fine-tune an encoder on a token task while realigning it: one batch of linked sentence pairs a step."""

from pathlib import Path
from typing import TYPE_CHECKING

from realign.gpus import claim_device
from realign.job import job

if TYPE_CHECKING:
    from numpy.random import Generator
    from snakemake.script import snakemake
    from transformers import PreTrainedModel

    from realign.training import Objective

with job(snakemake.log[0], snakemake.threads):
    claim_device()  # before torch is imported

    from realign.devices import use_threads
    from realign.encoders.checkpoint import Manifest, base_encoder
    from realign.encoders.words import WordTokenizer
    from realign.joint import JointObjective
    from realign.limits import check_length
    from realign.realignment import RealignmentObjective, linked_files, mixed_batches
    from realign.stage import Resumption, fingerprints
    from realign.tuning import finetune_checkpoint

    wildcards, joint = snakemake.wildcards, snakemake.params.realignment
    base = Path(snakemake.input.encoder).parent
    files = linked_files(snakemake.input.bitext, snakemake.input.pairs)
    use_threads(snakemake.threads)

    def jointly(objective: "Objective", tagger: "PreTrainedModel", order: "Generator") -> JointObjective:
        """The task's objective with realignment added."""
        check_length(tagger, joint["max_length"], "realignment")
        realignment = RealignmentObjective(
            base_encoder(tagger),
            WordTokenizer(base, joint["max_length"]),
            mixed_batches(files, joint["batch_size"], order),
            layers=joint["layers"],
            temperature=joint["temperature"],
            strength=joint["strength"],
        )
        return JointObjective(objective, realignment, joint["coefficient"])

    finetune_checkpoint(
        base,
        Path(snakemake.input.train),
        snakemake.params.settings,
        Manifest(
            model=wildcards.model,
            method=f"during-{wildcards.aligner}",
            task=wildcards.task,
            seed=int(wildcards.seed),
            inputs=fingerprints(snakemake.input),
        ),
        folder=Path(snakemake.output.manifest).parent,
        precision=snakemake.params.precision,
        dtype=snakemake.params.dtype,
        resume=Resumption(str(dict(snakemake.params.items())), snakemake.resources.state_seconds),
        extend=jointly,
    )
