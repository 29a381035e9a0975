"""Draw the figures: transfer against alignment, alignment by layer, gains by language, score by model size."""

from pathlib import Path
from typing import TYPE_CHECKING

from realign.jobs.job import job

if TYPE_CHECKING:
    from snakemake.script import snakemake

with job(snakemake.log[0]):
    from realign.analysis import figures
    from realign.analysis.style import inches, save_figure, set_style
    from realign.analysis.tables import read_table

    tables = {name: read_table(Path(path)) for name, path in snakemake.input.items()}
    params, output = snakemake.params, snakemake.output
    labels, measure, width = params.labels, params.settings["measures"][0], inches(params.style["width"])
    source_language, confidence = params.settings["source_language"], params.confidence
    set_style(params.style["palette"], params.style["font_size"])
    scores, alignment, gains = tables["scores"], tables["alignment"], tables["realignment"]
    save_figure(figures.transfer_figure(scores, alignment, tables["correlations"], measure, width), output.transfer)
    save_figure(figures.layers_figure(scores, alignment, labels, measure, width), output.layers)
    save_figure(figures.gain_figure(gains, labels, source_language, confidence, width), output.gain)
    save_figure(figures.summary_figure(gains, tables["models"], labels, width), output.summary)
