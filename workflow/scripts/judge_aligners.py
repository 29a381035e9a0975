"""Judge every aligner against hand-made word links: precision, recall, AER."""

from pathlib import Path
from typing import TYPE_CHECKING

from realign.jobs.job import job

if TYPE_CHECKING:
    from snakemake.script import snakemake

with job(snakemake.log[0]):
    from realign.aligners.judging import aligners_table, judge
    from realign.analysis.tables import write_table

    files = snakemake.input
    judged = zip(snakemake.params.judged, files.bitext, files.links, files.gold, strict=True)
    counts = [
        (aligner, language, judge(Path(bitext), Path(links), Path(gold)))
        for (aligner, language), bitext, links, gold in judged
    ]
    write_table(aligners_table(counts), Path(snakemake.output[0]))
