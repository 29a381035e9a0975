"""Lay the tables out as in the paper, as CSV and LaTeX."""

from pathlib import Path
from typing import TYPE_CHECKING

from realign.jobs.job import job

if TYPE_CHECKING:
    from snakemake.script import snakemake

with job(snakemake.log[0]):
    from realign.analysis.layouts import LAYOUTS, Shown, caption_of, write_layout
    from realign.analysis.tables import read_table

    params = snakemake.params
    shown = Shown(params.labels, params.settings["measures"], params.settings["source_language"])
    for name, (source, layout, _) in LAYOUTS.items():
        csv, tex = (Path(path) for path in snakemake.output[name])
        table = read_table(Path(snakemake.input[source]))
        caption = caption_of(name, table, params.confidence, shown.measures[0])
        write_layout(layout(table, shown), csv, tex, caption=caption, label=f"tab:{name}")
