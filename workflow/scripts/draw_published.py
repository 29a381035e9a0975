"""Draw the experiment's scores and gains against the published ones."""

from pathlib import Path
from typing import TYPE_CHECKING

from realign.jobs.job import job

if TYPE_CHECKING:
    from snakemake.script import snakemake

with job(snakemake.log[0]):
    from realign.analysis.figures import published_figure
    from realign.analysis.style import inches, save_figure, set_style
    from realign.analysis.tables import read_table

    params = snakemake.params
    set_style(params.style["palette"], params.style["font_size"])
    table = read_table(Path(snakemake.input[0]))
    figure = published_figure(table, params.labels, params.confidence, inches(params.style["width"]))
    save_figure(figure, snakemake.output)
