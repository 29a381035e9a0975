"""The figures, as vector graphics; the same data give the same bytes."""

from collections.abc import Mapping
from typing import Any

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from realign.analysis.correlation import headline
from realign.analysis.gains import ALL_TARGETS
from realign.analysis.names import language_name, task_name
from realign.analysis.style import (
    FILLS,
    LINES,
    MOMENTS,
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
from realign.analysis.tables import BASELINE, alignment_of_runs, with_transfer

Labels = Mapping[str, str]
"""The label of each method, in the order in which they are drawn."""


def transfer_figure(
    scores: pd.DataFrame, alignment: pd.DataFrame, correlations: pd.DataFrame, measure: str, width: float
) -> Figure:
    """Transfer against last-layer alignment of baseline runs, before and after fine-tuning, one row per task."""
    runs = alignment_of_runs(alignment, scores)
    runs = runs[
        (runs["layer"] == runs["layers"])
        & (runs["measure"] == measure)
        & (runs["direction"] == "forward")
        & (runs["method"] == BASELINE)
    ]
    points = with_transfer(runs, scores)
    cells = [
        (task, moment)
        for task in sorted(runs["task"].unique())
        for moment in MOMENTS
        if ((runs["task"] == task) & (runs["moment"] == moment)).any()
    ]
    if not cells:
        return message_figure("this experiment has no alignment to compare with transfer", width)
    languages, models = by_name(set(runs["language"])), sorted(runs["model"].unique())
    across = 1 if width < NARROW else len({moment for _, moment in cells})
    figure, panels = grid_of(len(cells), across, width, 0.8, sharey=across > 1)
    for axes, (task, moment) in zip(panels, cells, strict=True):
        shown = points[(points["task"] == task) & (points["moment"] == moment)]
        for (language, model), group in shown.groupby(["language", "model"]):
            axes.plot(
                group["score"],
                100 * group["transfer"],
                **_dots(languages.index(language), FILLS[models.index(model) % len(FILLS)]),
                alpha=0.85,
            )
        correlation = _correlation_title(correlations, task, moment, measure)
        title = f"{task_name(task)}, {moment} fine-tuning\n{correlation}"
        axes.set_title(fitted(title, width / across), fontsize="small")
        axes.set_xlabel(f"{measure} alignment, last layer")
        if axes.get_subplotspec().is_first_col():  # type: ignore[union-attr]
            axes.set_ylabel("transfer\n(change from the source score, %)")
    handles = [
        Line2D([], [], **_dots(number), label=language_name(language)) for number, language in enumerate(languages)
    ]
    handles += [
        Line2D([], [], **_dots(0, FILLS[number % len(FILLS)], NEUTRAL), label=model)
        for number, model in enumerate(models)
    ]
    legend_below(figure, handles, width)
    return figure


def _dots(number: int, fill: str = "full", color: str | None = None) -> dict[str, Any]:
    """Markers without a line, in the colour and shape of a language or method."""
    look = {"color": color or color_of(number), "marker": marker_of(number), "linestyle": "", "fillstyle": fill}
    return {**look, "markerfacecoloralt": "white"}


def _correlation_title(correlations: pd.DataFrame, task: str, moment: str, measure: str) -> str:
    cell = headline(correlations, task, moment, measure)
    if pd.isna(cell["rho"]):
        return f"too few points, n = {cell['n']}"
    least = " (the least possible)" if cell["p"] <= cell["p_least"] else ""
    counts = f"{cell['languages']} languages, {cell['models']} models"
    ceiling = "" if pd.isna(cell["ceiling"]) or not cell["ceiling"] else f"\n{cell['ceiling']}: at the ceiling"
    rho = f"Spearman ρ = {cell['rho']:.2f} [{cell['low']:.2f}, {cell['high']:.2f}]"
    return f"{rho}\np = {cell['p']:.2g}{least} over {counts}{ceiling}"


def layers_figure(scores: pd.DataFrame, alignment: pd.DataFrame, labels: Labels, measure: str, width: float) -> Figure:
    """Alignment from source to target by layer, averaged over seeds: a panel for each model, task and method.

    A line is the mean over languages, and the band around it reaches from the lowest to the highest language, which
    are named at the last layer after fine-tuning.
    """
    runs = alignment_of_runs(alignment, scores)
    runs = runs[(runs["measure"] == measure) & (runs["direction"] == "forward")]
    found = set(runs[["model", "task", "method"]].drop_duplicates().itertuples(index=False, name=None))
    pairs = sorted({(model, task) for model, task, _ in found})
    methods = [method for method in labels if any(method == name for _, _, name in found)]
    most = 2 if width < NARROW else 4
    rows = [(*pair, methods[start : start + most]) for pair in pairs for start in range(0, len(methods), most)]
    across = max((len(part) for *_, part in rows), default=1)
    if not rows:
        return message_figure("this experiment has no alignment", width)
    figure, grid = plt.subplots(
        len(rows), across, figsize=(width, (0.62 * width / across + 0.45) * len(rows) + 0.4),
        sharey=True, squeeze=False,
    )  # fmt: skip
    for row, (model, task, part) in zip(grid, rows, strict=True):
        drawn = []
        for axes, method in zip(row, part, strict=False):
            if (model, task, method) in found:
                shown = runs[(runs["model"] == model) & (runs["task"] == task) & (runs["method"] == method)]
                _draw_layers(axes, shown)
                axes.set_title(fitted(labels[method], 0.8 * width / across), fontsize="small")
                axes.set_xlabel("layer")
                drawn.append(axes)
        for axes in set(row) - set(drawn):
            axes.remove()
        drawn[0].set_ylabel(f"{model}, {task_name(task)}\n{measure} alignment")
        drawn[0].tick_params(labelleft=True)
    handles: list[Line2D | Patch] = [
        Line2D([], [], color=color_of(number), linestyle=line, label=f"{moment} fine-tuning, mean over languages")
        for moment, (number, line) in MOMENTS.items()
        if (runs["moment"] == moment).any()
    ]
    handles.append(Patch(color=NEUTRAL, alpha=0.25, linewidth=0, label="lowest to highest language"))
    legend_below(figure, handles, width)
    return figure


def _draw_layers(axes: Axes, runs: pd.DataFrame) -> None:
    for moment, (number, line) in MOMENTS.items():
        curves = runs[runs["moment"] == moment].pivot_table(index="layer", columns="language", values="score")
        if curves.empty:
            continue
        axes.fill_between(
            curves.index, curves.min(axis=1), curves.max(axis=1), color=color_of(number), alpha=0.22, linewidth=0
        )
        axes.plot(curves.index, curves.mean(axis=1), color=color_of(number), linestyle=line)
    _name_extremes(axes, runs[runs["moment"] == "after"])
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    if runs["score"].between(0, 1).all():
        axes.set_ylim(0, 1.08)


def _name_extremes(axes: Axes, runs: pd.DataFrame) -> None:
    """Name the highest and the lowest language at the last layer."""
    last = runs[runs["layer"] == runs["layers"]].groupby("language")["score"].mean().sort_values()
    if len(last) < 2:
        return
    for language, place in ((str(last.index[0]), "top"), (str(last.index[-1]), "bottom")):
        point = (float(runs["layers"].max()), float(last[language]))
        axes.annotate(language_name(language), point, ha="right", va=place, fontsize="x-small")


def gain_figure(gains: pd.DataFrame, labels: Labels, source_language: str, confidence: float, width: float) -> Figure:
    """Gain over the baseline in points, by language and method, with intervals: one row per task, one column per model.

    The mean over the target languages and the source language stand apart below them. If the baseline is the only
    method, the figure says so.
    """
    gains = gains[gains["method"] != BASELINE]
    if gains.empty:
        return message_figure("this experiment has only the baseline", width)
    methods = [method for method in labels if (gains["method"] == method).any()]
    targets = by_name(set(gains["language"]) - {ALL_TARGETS, source_language})
    rows = [*targets, ALL_TARGETS, *[source_language] * bool((gains["language"] == source_language).any())]
    places = dict(zip(rows, [*range(len(targets)), len(targets) + 0.5, len(targets) + 2], strict=False))
    cells = [
        (task, model)
        for task in sorted(gains["task"].unique())
        for model in sorted(gains["model"].unique())
        if ((gains["task"] == task) & (gains["model"] == model)).any()
    ]
    across = 1 if width < NARROW else min(3, len({model for _, model in cells}))
    height = max(0.2, 0.1 * len(methods)) * (len(rows) + 1) + 0.7
    down = -(-len(cells) // across)
    figure, grid = plt.subplots(down, across, figsize=(width, height * down + 0.4), squeeze=False, sharey=True)
    panels = list(grid.flat)
    for axes in panels[len(cells) :]:
        axes.remove()
    step = min(0.22, 0.8 / len(methods))
    for axes, (task, model) in zip(panels, cells, strict=False):
        axes.axvline(0, color="0.6", linewidth=0.8)
        for y in (len(targets) - 0.25, len(targets) + 1.25):
            axes.axhline(y, color="0.8", linewidth=0.6, linestyle=":")
        for number, method in enumerate(methods):
            shown = gains.query("task == @task and model == @model and method == @method").set_index("language")
            shown = 100 * shown.reindex(rows)[["gain", "low", "high"]].astype(float)
            axes.errorbar(
                shown["gain"],
                [places[language] + (number - (len(methods) - 1) / 2) * step for language in rows],
                xerr=[(shown["gain"] - shown["low"]).clip(lower=0), (shown["high"] - shown["gain"]).clip(lower=0)],
                fmt=marker_of(number),
                color=color_of(number),
                elinewidth=1,
                capsize=2,
                label=labels[method],
            )
        axes.set_yticks(list(places.values()), [_row_name(language, source_language) for language in rows])
        axes.set_title(fitted(f"{task_name(task)}, {model}", width / across))
        axes.set_xlabel(f"gain over the baseline, points\n(bars: {confidence:.0%} intervals)")
    panels[0].set_ylim(max(places.values()) + 0.6, -0.6)
    handles, _ = panels[0].get_legend_handles_labels()
    legend_below(figure, handles, width)
    return figure


def _row_name(language: str, source_language: str) -> str:
    if language == ALL_TARGETS:
        return "mean of targets"
    return language_name(language) + " (source)" * (language == source_language)


def summary_figure(gains: pd.DataFrame, models: pd.DataFrame, labels: Labels, width: float) -> Figure:
    """Mean score over the target languages against number of parameters: one panel per task, one line per method."""
    shown = gains[gains["language"] == ALL_TARGETS].merge(models[["model", "parameters"]], on="model")
    tasks = sorted(shown["task"].unique())
    methods = [method for method in labels if (shown["method"] == method).any()]
    realigning = [method for method in methods if method != BASELINE]
    across = 1 if width < NARROW else min(3, max(2, len(tasks)))
    figure, panels = grid_of(len(tasks), min(across, len(tasks)), width, 0.5 if across > len(tasks) else 0.8)
    spread = "" if shown["sd"].isna().all() else "\n(bars: ± 1 deviation over seeds)"
    for axes, task in zip(panels, tasks, strict=True):
        for method in methods:
            line = shown[(shown["task"] == task) & (shown["method"] == method)].sort_values("parameters")
            number = realigning.index(method) if method != BASELINE else -1
            axes.errorbar(
                line["parameters"] / 1e6,
                100 * line["mean"],
                yerr=100 * line["sd"].fillna(0) if spread else None,
                color=NEUTRAL if method == BASELINE else color_of(number),
                linestyle=":" if method == BASELINE else LINES[number % len(LINES)],
                marker="." if method == BASELINE else marker_of(number),
                elinewidth=1,
                capsize=2,
                label=labels[method],
            )
        sizes = shown.loc[shown["task"] == task, ["model", "parameters"]].drop_duplicates()
        axes.set_xscale("log")
        axes.set_xticks(
            sizes["parameters"] / 1e6,
            [f"{row['model']}\n{row['parameters'] / 1e6:.0f}M" for row in sizes.to_dict("records")],
        )
        axes.minorticks_off()
        axes.margins(x=0.15)
        axes.set_title(task_name(task))
        axes.set_xlabel("model, and its parameters (logarithmic)")
        if axes.get_subplotspec().is_first_col():  # type: ignore[union-attr]
            axes.set_ylabel(f"mean over target languages, %{spread}")
    legend_below(figure, panels[0].get_legend_handles_labels()[0], width)
    return figure


def published_figure(beside: pd.DataFrame, labels: Labels, confidence: float, width: float) -> Figure:
    """Scores and gains against the published ones, in points: a row per task, scores left and gains right.

    Filled points differ by no more than seeds explain, open ones by more; half-filled ones have no deviation to tell.
    """
    cells = [
        (task, quantity)
        for task in sorted(beside["task"].unique())
        for quantity in ("score", "gain")
        if ((beside["task"] == task) & (beside["quantity"] == quantity)).any()
    ]
    if not cells:
        return message_figure("the published study has none of this experiment's scores", width)
    methods = [method for method in labels if (beside["method"] == method).any()]
    figure, panels = grid_of(len(cells), 1 if width < NARROW else 2, width, 0.85)
    for axes, (task, quantity) in zip(panels, cells, strict=True):
        shown = beside[(beside["task"] == task) & (beside["quantity"] == quantity)]
        for number, method in enumerate(methods):
            _draw_beside(axes, shown[shown["method"] == method], number)
        ends = 100 * shown[["ours", "published"]].to_numpy(float)
        axes.axline((ends.min(), ends.min()), slope=1, color="0.6", linewidth=0.8, zorder=0)
        axes.set_title(f"{task_name(task)}, {quantity}s")
        axes.set_xlabel(f"published {quantity}, points")
        axes.set_ylabel(f"this experiment's {quantity}, points")
    handles = [Line2D([], [], **_dots(number), label=labels[method]) for number, method in enumerate(methods)]
    outside = f"outside the {confidence:.0%} interval over seeds"
    handles += [
        Line2D([], [], **_dots(0, fill, NEUTRAL), label=said)
        for fill, said in (("none", outside), ("left", "no deviation known"))
    ]
    legend_below(figure, handles, width)
    return figure


def _draw_beside(axes: Axes, shown: pd.DataFrame, number: int) -> None:
    for within, fill in ((True, "full"), (False, "none"), (None, "left")):
        chosen = shown["within"].isna() if within is None else shown["within"] == within
        points = 100 * shown.loc[chosen, ["published", "ours"]].astype(float)
        axes.plot(points["published"], points["ours"], **_dots(number, fill), alpha=0.85)
