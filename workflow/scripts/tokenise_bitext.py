"""Split the raw sentence pairs of one language and split into words, as bitext."""

from pathlib import Path
from typing import TYPE_CHECKING

from realign.jobs.job import job
from realign.text.raw_bitext import tokenise_bitext

if TYPE_CHECKING:
    from snakemake.script import snakemake

with job(snakemake.log[0], snakemake.threads):
    tokenise_bitext(
        Path(snakemake.input[0]),
        snakemake.params.source_language,
        snakemake.wildcards.lang,
        Path(snakemake.output[0]),
        snakemake.threads,
    )
