"""Draw score and alignment over the number by which methods differ."""

from pathlib import Path
from typing import TYPE_CHECKING

from realign.jobs.job import job

if TYPE_CHECKING:
    from snakemake.script import snakemake

with job(snakemake.log[0]):
    from realign.analysis.curve_figure import curves_figure
    from realign.analysis.style import inches, save_figure, set_style
    from realign.analysis.tables import read_table

    params = snakemake.params
    set_style(params.style["palette"], params.style["font_size"])
    table, width = read_table(Path(snakemake.input[0])), inches(params.style["width"])
    save_figure(curves_figure(table, params.source_language, params.measure, width), snakemake.output)
