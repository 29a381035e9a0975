"""The figure of methods that differ by one number: score and alignment over that number, by language."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from realign.analysis.gains import ALL_TARGETS
from realign.analysis.names import language_name, task_name
from realign.analysis.style import (
    NARROW,
    NEUTRAL,
    by_name,
    color_of,
    fitted,
    grid_of,
    legend_below,
    marker_of,
    message_figure,
)
from realign.analysis.tables import BASELINE


def curves_figure(table: pd.DataFrame, source_language: str, measure: str, width: float) -> Figure:
    """Score (left) and alignment (right) over the number, by language: two panels for each curve, task and model.

    Dotted lines are the baseline, dashed ones alignment before fine-tuning.
    """
    table = table[table["language"] != source_language]
    cells = list(table[["curve", "task", "model"]].drop_duplicates().itertuples(index=False, name=None))
    if not cells:
        return message_figure("no methods of this experiment differ by one number", width)
    languages = [*by_name(set(table["language"]) - {ALL_TARGETS}), ALL_TARGETS]
    across = 1 if width < NARROW else 2
    figure, panels = grid_of(2 * len(cells), across, width, 0.62)
    for number, (curve, task, model) in enumerate(cells):
        own = table[(table["curve"] == curve) & (table["task"] == task) & (table["model"] == model)]
        score, aligned = panels[2 * number : 2 * number + 2]
        _draw(score, own, languages, ["score"], 100)
        _draw(aligned, own, languages, ["after", "before"], 1)
        title = f"{task_name(task)}, {model}\n{curve}"
        score.set_title(fitted(title, 0.9 * width / across), fontsize="small")
        spread = "\n(bars: ± 1 deviation over seeds)" if own["sd"].notna().any() else ""
        score.set_ylabel(f"score, %{spread}", fontsize="small")
        aligned.set_ylabel(f"{measure} alignment, last layer", fontsize="small")
        for axes in (score, aligned):
            _scale(axes, own)
    handles = [
        Line2D([], [], **_look(place, language), label=_name(language)) for place, language in enumerate(languages)
    ]
    handles.append(Line2D([], [], color=NEUTRAL, linestyle=":", label="baseline"))
    if table["before"].notna().any():
        handles.append(Line2D([], [], color=NEUTRAL, linestyle="--", label="before fine-tuning"))
    legend_below(figure, handles, width)
    return figure


def _look(place: int, language: str) -> dict[str, Any]:
    if language == ALL_TARGETS:
        return {"color": NEUTRAL, "marker": "", "linewidth": 2.2}
    return {"color": color_of(place), "marker": marker_of(place), "linewidth": 1.0}


def _name(language: str) -> str:
    return "mean of targets" if language == ALL_TARGETS else language_name(language)


def _draw(axes: Axes, rows: pd.DataFrame, languages: Sequence[str], columns: Sequence[str], factor: float) -> None:
    """The first column as a solid line, the second as a dashed one, by language, and the baseline's first column."""
    for place, language in enumerate(languages):
        own = rows[rows["language"] == language]
        look, line = _look(place, language), own[own["value"].notna()].sort_values("value")
        for column, style in zip(columns, ("-", "--"), strict=False):
            if column == "score" and line["sd"].notna().any():
                axes.errorbar(
                    line["value"], factor * line[column], yerr=factor * line["sd"], **look, elinewidth=0.7, capsize=1.5
                )
            else:
                axes.plot(line["value"], factor * line[column], **look, linestyle=style)
        for level in factor * own.loc[own["method"] == BASELINE, columns[0]].dropna():
            axes.axhline(level, color=look["color"], linestyle=":", linewidth=0.8)


def _scale(axes: Axes, rows: pd.DataFrame) -> None:
    """Ticks at the numbers, on a logarithmic axis if they span more than a factor of ten."""
    values = np.unique(rows["value"].dropna())
    if values.min() > 0 and values.max() / values.min() > 10:
        axes.set_xscale("log")
        axes.minorticks_off()
    axes.set_xticks(values, [f"{value:g}" for value in values])
    axes.set_xlabel(str(rows["key"].iloc[0]))
