"""Link the words of a bitext with an aligner from the registry."""

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from realign.jobs.gpus import claim_device
from realign.jobs.job import job

if TYPE_CHECKING:
    from snakemake.script import snakemake

with job(snakemake.log[0], snakemake.threads):
    params, files = snakemake.params, snakemake.input
    if params.gpu:
        claim_device()  # before torch is imported

    from realign.aligners.inputs import AlignerInputs

    context, dictionary, encoder = (files.get(name) for name in ("context", "dictionary", "encoder"))
    inputs = AlignerInputs(
        bitext=Path(files.bitext),
        context=(Path(context),) if context else (),
        dictionary=Path(dictionary) if dictionary else None,
        encoder=Path(encoder).parent if encoder else None,
        threads=snakemake.threads,
        precision=params.precision or "auto",
    )
    aligner = import_module(params.aligner["module"])
    aligner.align(inputs, Path(snakemake.output[0]), params.aligner["settings"])
