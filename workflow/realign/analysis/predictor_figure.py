"""The figure of which measure, at which layer, predicts transfer best."""

from collections.abc import Sequence
from typing import Any

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from realign.analysis.correlation import ALL_MODELS
from realign.analysis.names import task_name
from realign.analysis.predictors import best_predictor
from realign.analysis.style import (
    MOMENTS,
    NARROW,
    NEUTRAL,
    color_of,
    fitted,
    grid_of,
    legend_below,
    marker_of,
    message_figure,
)


def predictor_figure(predictors: pd.DataFrame, measures: Sequence[str], confidence: float, width: float) -> Figure:
    """ρ of alignment with transfer by depth, with intervals, over all models: a panel for each task and measure.

    A star marks the best of a task and moment, which the title names.
    """
    shown = predictors[(predictors["model"] == ALL_MODELS) & predictors["rho"].notna()]
    cells = [
        (task, measure)
        for task in sorted(shown["task"].unique())
        for measure in measures
        if ((shown["task"] == task) & (shown["measure"] == measure)).any()
    ]
    if not cells:
        return message_figure("too few points to compare measures", width)
    said = [
        best_predictor(shown, task, moment, confidence)
        for task in sorted(shown["task"].unique())
        for moment in MOMENTS
        if ((shown["task"] == task) & (shown["moment"] == moment)).any()
    ]
    title = fitted("\n".join(said), 0.9 * width)
    across = min(2 if width < NARROW else 4, len({measure for _, measure in cells}))
    figure, panels = grid_of(len(cells), across, width, 0.8, sharex=True, sharey=True)
    for axes, (task, measure) in zip(panels, cells, strict=True):
        _draw(axes, shown[(shown["task"] == task) & (shown["measure"] == measure)])
        axes.set_title(f"{task_name(task)}, {measure}", fontsize="small")
        axes.tick_params(labelbottom=True)
        axes.set_xlabel("depth (1: last layer)", fontsize="small")
    figure.suptitle(title, fontsize="small")
    figure.supylabel("Spearman's ρ with transfer", fontsize="medium")
    lines = title.count("\n") + 3
    figure.set_figheight(figure.get_figheight() + lines * 1.25 * plt.rcParams["font.size"] / 72)
    handles = [
        Line2D([], [], **_look(moment), label=f"{moment} fine-tuning, and {confidence:.0%} interval")
        for moment in MOMENTS
        if (shown["moment"] == moment).any()
    ]
    handles.append(Line2D([], [], color=NEUTRAL, marker="*", markersize=9, linestyle="", label="highest ρ"))
    legend_below(figure, handles, width)
    return figure


def _look(moment: str) -> dict[str, Any]:
    number, line = MOMENTS[moment]
    return {"color": color_of(number), "linestyle": line, "marker": marker_of(number), "markersize": 3}


def _draw(axes: Axes, rows: pd.DataFrame) -> None:
    axes.axhline(0, color="0.6", linewidth=0.8)
    for moment, (number, _) in MOMENTS.items():
        curve = rows[rows["moment"] == moment].sort_values("depth")
        depth = curve["depth"] + (0.03 * number - 0.015)
        axes.errorbar(
            depth,
            curve["rho"],
            yerr=[(curve["rho"] - curve["low"]).clip(lower=0), (curve["high"] - curve["rho"]).clip(lower=0)],
            elinewidth=0.8,
            capsize=1.5,
            **_look(moment),
        )
        best = curve["rank"] == 1
        axes.plot(depth[best], curve.loc[best, "rho"], color=color_of(number), marker="*", markersize=9, linestyle="")
    axes.set_ylim(-1.05, 1.15)
