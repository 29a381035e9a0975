"""Link the words of a bitext whose dictionary translation is unambiguous."""

from pathlib import Path
from typing import TYPE_CHECKING

from realign.aligners.dictionary import align
from realign.job import job

if TYPE_CHECKING:
    from snakemake.script import snakemake

with job(snakemake.log[0]):
    align(Path(snakemake.input.bitext), Path(snakemake.input.dictionary), Path(snakemake.output[0]))
