"""The figures, as vector graphics; the same data give the same bytes."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from realign.analysis.correlation import headline
from realign.analysis.gains import ALL_TARGETS
from realign.analysis.tables import BASELINE, alignment_of_runs, with_transfer
from realign.text.files import atomic_path

MARKERS = "osD^vP*X<>"
MOST_ACROSS = 4
"""The maximum number of methods in a row of panels or of a legend."""
Labels = Mapping[str, str]
"""The label of each method, in the order in which they are drawn."""


def set_style(palette: str, font_size: float) -> None:
    """Apply the configured look."""
    plt.rcParams.update(
        {
            "axes.prop_cycle": matplotlib.cycler(color=plt.get_cmap(palette).colors),  # type: ignore[attr-defined]
            "axes.spines.right": False,
            "axes.spines.top": False,
            "font.size": font_size,
            "legend.frameon": False,
            "pdf.fonttype": 42,
            "svg.hashsalt": "realign",
            "text.parse_math": False,  # show a dollar sign in a label as it is
        }
    )


def save_figure(figure: Figure, paths: Sequence[str]) -> None:
    """Write the figure in every format, without a date inside."""
    for path in paths:
        undated = {"Date": None} if path.endswith(".svg") else {"CreationDate": None}
        with atomic_path(Path(path)) as temporary:
            form = Path(path).suffix.removeprefix(".")
            figure.savefig(temporary, format=form, metadata=undated, bbox_inches="tight")
    plt.close(figure)


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
    tasks, moments = sorted(runs["task"].unique()), ("before", "after")
    languages, models = sorted(runs["language"].unique()), sorted(runs["model"].unique())
    figure, grid = plt.subplots(len(tasks), 2, figsize=(width, 0.48 * width * len(tasks)), sharey="row", squeeze=False)
    for row, task in enumerate(tasks):
        for column, moment in enumerate(moments):
            axes = grid[row][column]
            for (language, model), group in points[(points["task"] == task) & (points["moment"] == moment)].groupby(
                ["language", "model"]
            ):
                axes.scatter(
                    group["score"],
                    100 * group["transfer"],
                    color=f"C{languages.index(language)}",
                    marker=MARKERS[models.index(model) % len(MARKERS)],
                    s=36,
                    alpha=0.85,
                )
            correlation = _correlation_title(correlations, task, moment, measure)
            axes.set_title(f"{task}, {moment} fine-tuning\n{correlation}", fontsize="medium")
            axes.set_xlabel(f"{measure} alignment, last layer")
        grid[row][0].set_ylabel("transfer, %\n(change from the source score)")
    handles = [_dot(f"C{number}", "o", language) for number, language in enumerate(languages)]
    handles += [_dot("0.4", MARKERS[number % len(MARKERS)], model) for number, model in enumerate(models)]
    figure.legend(handles=handles, loc="lower center", ncols=min(len(handles), 8), bbox_to_anchor=(0.5, -0.06))
    figure.tight_layout()
    return figure


def _dot(color: str, marker: str, label: str) -> Line2D:
    return Line2D([], [], color=color, marker=marker, linestyle="", label=label)


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
    """Alignment from source to target by layer, averaged over seeds: one row per model and task, methods across.

    Dashed before and solid after fine-tuning. More than four methods continue in further rows.
    """
    runs = alignment_of_runs(alignment, scores)
    runs = runs[(runs["measure"] == measure) & (runs["direction"] == "forward")]
    methods = [method for method in labels if (runs["method"] == method).any()]
    languages = sorted(runs["language"].unique())
    parts = [methods[start : start + MOST_ACROSS] for start in range(0, len(methods), MOST_ACROSS)]
    pairs = runs[["model", "task"]].drop_duplicates().sort_values(["model", "task"]).itertuples(index=False)
    rows = [(model, task, part) for model, task in pairs for part in parts]
    across = max(map(len, parts))
    figure, grid = plt.subplots(
        len(rows), across, figsize=(width, 0.3 * width * len(rows)), sharey=True, sharex="row", squeeze=False
    )
    for row, (model, task, part) in enumerate(rows):
        for axes, method in zip(grid[row], part, strict=False):
            shown = runs[(runs["model"] == model) & (runs["task"] == task) & (runs["method"] == method)]
            _draw_layers(axes, shown, languages)
            if row == 0 or len(parts) > 1:
                axes.set_title(_wrapped(labels[method]))
            if row == len(rows) - 1 or len(parts) > 1:
                axes.set_xlabel("layer")
        for axes in grid[row][len(part) :]:
            axes.set_visible(False)
        grid[row][0].set_ylabel(f"{model}, {task}\n{measure} alignment")
    handles = [Line2D([], [], color=f"C{number}", label=language) for number, language in enumerate(languages)]
    handles += [
        Line2D([], [], color="0.4", linestyle="--", label="before fine-tuning"),
        Line2D([], [], color="0.4", label="after"),
    ]
    figure.legend(handles=handles, loc="upper center", ncols=min(len(handles), 7), bbox_to_anchor=(0.5, 0))
    figure.tight_layout()
    return figure


def _draw_layers(axes: Axes, runs: pd.DataFrame, languages: list[str]) -> None:
    for (language, moment), group in runs.groupby(["language", "moment"]):
        curve = group.groupby("layer")["score"].mean()
        axes.plot(
            curve.index,
            curve.to_numpy(),
            color=f"C{languages.index(str(language))}",
            linestyle="--" if moment == "before" else "-",
        )
    axes.set_ylim(0, 1)


def _wrapped(label: str) -> str:
    """A label broken at its first hyphen or space, so that it fits above a panel."""
    return re.sub(r"^(\w+)([- ])", lambda match: f"{match[1]}{match[2].strip()}\n", label, count=1)


def gain_figure(gains: pd.DataFrame, labels: Labels, source_language: str, confidence: float, width: float) -> Figure:
    """Gain over the baseline in points, by method and language, with intervals: one row per task, one column per model.

    If the baseline is the only method, the figure says so.
    """
    gains = gains[(gains["method"] != BASELINE) & (gains["language"] != source_language)]
    if gains.empty:
        figure = plt.figure(figsize=(width, 0.2 * width))
        figure.text(0.5, 0.5, "this experiment has only the baseline", ha="center")
        return figure
    tasks, models = sorted(gains["task"].unique()), sorted(gains["model"].unique())
    methods = [method for method in labels if (gains["method"] == method).any()]
    languages = [*sorted(set(gains["language"]) - {ALL_TARGETS}), ALL_TARGETS]
    step = min(0.22, 0.8 / len(methods))
    figure, grid = plt.subplots(
        len(tasks), len(models), figsize=(width, 0.42 * width * len(tasks)), sharey="row", squeeze=False
    )
    for row, task in enumerate(tasks):
        for column, model in enumerate(models):
            axes = grid[row][column]
            axes.axhline(0, color="0.6", linewidth=0.8)
            for number, method in enumerate(methods):
                shown = gains.query("task == @task and model == @model and method == @method").set_index("language")
                shown = shown.reindex(languages) * 1
                offset = (number - (len(methods) - 1) / 2) * step
                centre = 100 * shown["gain"].astype(float)
                low, high = (100 * shown[side].astype(float) for side in ("low", "high"))
                axes.errorbar(
                    [place + offset for place in range(len(languages))],
                    centre,
                    yerr=[(centre - low).clip(lower=0), (high - centre).clip(lower=0)],
                    fmt=MARKERS[number % len(MARKERS)],
                    color=f"C{number}",
                    capsize=2,
                    label=labels[method],
                )
            axes.set_xticks(range(len(languages)), languages)
            axes.set_title(f"{task}, {model}")
        grid[row][0].set_ylabel(f"gain over baseline, points\n({confidence:.0%} interval)")
    _legend_below(figure, grid[0][0])
    return figure


def summary_figure(gains: pd.DataFrame, models: pd.DataFrame, labels: Labels, width: float) -> Figure:
    """Mean score over the target languages against number of parameters: one panel per task, one line per method."""
    shown = gains[gains["language"] == ALL_TARGETS].merge(models[["model", "parameters"]], on="model")
    tasks = sorted(shown["task"].unique())
    methods = [method for method in labels if (shown["method"] == method).any()]
    realigning = [method for method in methods if method != BASELINE]
    figure, grid = plt.subplots(1, len(tasks), figsize=(width, 0.55 * width / max(1, len(tasks) - 1)), squeeze=False)
    for axes, task in zip(grid[0], tasks, strict=True):
        for method in methods:
            line = shown[(shown["task"] == task) & (shown["method"] == method)].sort_values("parameters")
            number = realigning.index(method) if method != BASELINE else -1
            axes.errorbar(
                line["parameters"] / 1e6,
                100 * line["mean"],
                yerr=100 * line["sd"].fillna(0),
                color="0.4" if method == BASELINE else f"C{number}",
                linestyle="--" if method == BASELINE else "-",
                marker=MARKERS[number % len(MARKERS)],
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
        axes.set_title(task)
        axes.set_xlabel("parameters")
    grid[0][0].set_ylabel("mean score over target languages, %")
    _legend_below(figure, grid[0][0])
    return figure


def published_figure(beside: pd.DataFrame, labels: Labels, confidence: float, width: float) -> Figure:
    """Scores and gains against the published ones, in points: a row per task, scores left and gains right.

    Filled points differ by no more than seeds explain, open ones by more; crosses have no deviation to tell by.
    """
    tasks, quantities = sorted(beside["task"].unique()), ("score", "gain")
    if not tasks:
        figure = plt.figure(figsize=(width, 0.2 * width))
        figure.text(0.5, 0.5, "the published study has none of this experiment's scores", ha="center")
        return figure
    methods = [method for method in labels if (beside["method"] == method).any()]
    figure, grid = plt.subplots(len(tasks), 2, figsize=(width, 0.5 * width * len(tasks)), squeeze=False)
    for row, task in enumerate(tasks):
        for axes, quantity in zip(grid[row], quantities, strict=True):
            shown = beside[(beside["task"] == task) & (beside["quantity"] == quantity)]
            for number, method in enumerate(methods):
                _draw_beside(axes, shown[shown["method"] == method], f"C{number}")
            if len(shown):
                ends = 100 * shown[["ours", "published"]].to_numpy(float)
                axes.axline((ends.min(), ends.min()), slope=1, color="0.6", linewidth=0.8, zorder=0)
            axes.set_title(f"{task}, {quantity}s")
            axes.set_xlabel(f"published {quantity}, points")
            axes.set_ylabel(f"this experiment's {quantity}, points")
    handles = [_dot(f"C{number}", "o", labels[method]) for number, method in enumerate(methods)]
    outside = Line2D([], [], color="0.4", marker="o", fillstyle="none", linestyle="")
    outside.set_label(f"outside the {confidence:.0%} interval over seeds")
    handles += [outside, _dot("0.4", "x", "no deviation known")]
    figure.legend(handles=handles, loc="upper center", ncols=min(len(handles), MOST_ACROSS), bbox_to_anchor=(0.5, 0))
    figure.tight_layout()
    return figure


def _draw_beside(axes: Axes, shown: pd.DataFrame, color: str) -> None:
    for within, marker, face in ((True, "o", color), (False, "o", "none"), (None, "x", color)):
        chosen = shown["within"].isna() if within is None else shown["within"] == within
        points = 100 * shown.loc[chosen, ["published", "ours"]].astype(float)
        axes.scatter(points["published"], points["ours"], marker=marker, color=color, facecolors=face, s=24, alpha=0.85)


def _legend_below(figure: Figure, axes: Axes) -> None:
    """The legend of one panel under the whole figure, at most four entries in a row."""
    handles, names = axes.get_legend_handles_labels()
    figure.legend(handles, names, loc="upper center", ncols=min(len(names), MOST_ACROSS), bbox_to_anchor=(0.5, 0))
    figure.tight_layout()
