"""Lay the tables out as in the paper, as CSV and LaTeX."""

from pathlib import Path
from typing import TYPE_CHECKING

from realign.job import job

if TYPE_CHECKING:
    from snakemake.script import snakemake

with job(snakemake.log[0]):
    from realign.analysis.layouts import LAYOUTS, caption_of, write_layout
    from realign.analysis.tables import read_table

    for name, (source, layout, _) in LAYOUTS.items():
        csv, tex = (Path(path) for path in snakemake.output[name])
        table = read_table(Path(snakemake.input[source]))
        caption = caption_of(name, table, snakemake.params.confidence)
        write_layout(layout(table), csv, tex, caption=caption, label=f"tab:{name}")
