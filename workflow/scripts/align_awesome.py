"""Link the words of a bitext by the states of an encoder, not fine-tuned for it (Dou and Neubig 2021)."""

from pathlib import Path
from typing import TYPE_CHECKING

from realign.gpus import claim_device
from realign.job import job

if TYPE_CHECKING:
    from snakemake.script import snakemake

with job(snakemake.log[0], snakemake.threads):
    claim_device()  # before torch is imported

    from realign.aligners.awesome import align
    from realign.devices import use_threads

    settings = snakemake.params.settings
    use_threads(snakemake.threads)
    align(
        Path(snakemake.input.bitext),
        Path(snakemake.output[0]),
        Path(snakemake.input.encoder).parent,
        layer=settings["layer"],
        threshold=settings["threshold"],
        batch_size=settings["batch_size"],
        max_length=settings["max_length"],
        precision=snakemake.params.precision,
    )
