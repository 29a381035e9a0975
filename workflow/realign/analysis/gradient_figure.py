"""The figure of the cosine between the gradients of task and realignment, over training."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from realign.analysis.names import language_name, task_name
from realign.analysis.style import LINES, NARROW, color_of, fitted, grid_of, legend_below, message_figure

Labels = Mapping[str, str]
"""The label of each method, in the order in which they are drawn."""


def gradients_figure(table: pd.DataFrame, labels: Labels, width: float) -> Figure:
    """Cosine over optimiser steps, mean over seeds with the lowest and highest: a panel for each task and model."""
    cells = sorted(table[["task", "model"]].drop_duplicates().itertuples(index=False, name=None))
    if not cells:
        return message_figure("no training has logged a cosine", width)
    variants = [
        (method, language)
        for method in labels
        for language in sorted(set(table.loc[table["method"] == method, "realigned_for"].fillna("")))
    ]
    across = 1 if width < NARROW else min(3, len(cells))
    figure, panels = grid_of(len(cells), across, width, 0.75 if across > 1 else 0.5, sharey=True)
    for axes, (task, model) in zip(panels, cells, strict=True):
        axes.axhline(0, color="0.6", linewidth=0.8)
        for number, (method, language) in enumerate(variants):
            own = table[(table["task"] == task) & (table["model"] == model) & (table["method"] == method)]
            by_step = own[own["realigned_for"].fillna("") == language].groupby("step")["cosine"]
            mean, low, high = by_step.mean(), by_step.min(), by_step.max()
            axes.fill_between(mean.index, low, high, color=color_of(number), alpha=0.2, linewidth=0)
            axes.plot(mean.index, mean, **_look(number))
        axes.set_title(fitted(f"{task_name(task)}, {model}", width / across), fontsize="small")
        axes.set_xlabel("optimiser step")
        if axes.get_subplotspec().is_first_col():  # type: ignore[union-attr]
            axes.set_ylabel("cosine between the gradients\nof task and realignment")
    handles = [
        Line2D([], [], **_look(number), label=_label(labels, *variant)) for number, variant in enumerate(variants)
    ]
    legend_below(figure, handles, width)
    return figure


def _look(number: int) -> dict[str, Any]:
    return {"color": color_of(number), "linestyle": LINES[number % len(LINES)]}


def _label(labels: Labels, method: str, language: str) -> str:
    return labels[method] + (f", {language_name(language)}" if language else "")
