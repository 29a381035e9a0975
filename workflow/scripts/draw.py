"""Draw the figures: transfer against alignment, alignment by layer, gains by language, score by model size."""

from pathlib import Path
from typing import TYPE_CHECKING

from realign.job import job

if TYPE_CHECKING:
    from snakemake.script import snakemake

with job(snakemake.log[0]):
    from realign.analysis import figures
    from realign.analysis.tables import read_table

    tables = {name: read_table(Path(path)) for name, path in snakemake.input.items()}
    style, output = snakemake.params.style, snakemake.output
    figures.set_style(style["palette"], style["font_size"])
    scores, alignment = tables["scores"], tables["alignment"]
    figures.save_figure(
        figures.transfer_figure(scores, alignment, tables["correlations"], style["width"]), output.transfer
    )
    figures.save_figure(figures.layers_figure(scores, alignment, style["width"]), output.layers)
    figures.save_figure(
        figures.gain_figure(
            tables["realignment"], snakemake.params.source_language, snakemake.params.confidence, style["width"]
        ),
        output.gain,
    )
    figures.save_figure(figures.summary_figure(tables["realignment"], tables["models"], style["width"]), output.summary)
