"""Link the words of a bitext by FastAlign in both directions, symmetrised (Dyer et al. 2013)."""

from pathlib import Path
from typing import TYPE_CHECKING

from realign.aligners.fastalign import ATOOLS, FAST_ALIGN, align
from realign.job import job

if TYPE_CHECKING:
    from snakemake.script import snakemake

with job(snakemake.log[0]):  # one thread a program
    settings = snakemake.params.settings
    align(
        Path(snakemake.input.bitext),
        Path(snakemake.output[0]),
        context=[Path(path) for path in snakemake.input.context],
        fast_align=settings["fast_align"] or FAST_ALIGN,
        atools=settings["atools"] or ATOOLS,
        symmetrization=settings["symmetrization"],
        threads=snakemake.threads,
    )
