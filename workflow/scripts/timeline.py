"""Draw when the jobs of each rule ran, according to their benchmarks."""

from pathlib import Path
from typing import TYPE_CHECKING

from realign.jobs.job import job

if TYPE_CHECKING:
    from snakemake.script import snakemake

with job(snakemake.log[0]):
    from realign.analysis.style import inches, save_figure, set_style
    from realign.analysis.timeline import read_benchmarks, timeline_figure

    style = snakemake.params.style
    set_style(style["palette"], style["font_size"])
    save_figure(timeline_figure(read_benchmarks(Path("results/benchmarks")), inches(style["width"])), snakemake.output)
