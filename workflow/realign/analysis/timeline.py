"""When the jobs of each rule ran and what they cost, from the benchmark that Snakemake writes when a job ends."""

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from realign.analysis.style import fitted, message_figure
from realign.durations import spell

Placement = Callable[[Sequence[float]], "np.ndarray[tuple[int], np.dtype[np.float64]]"]

PAUSE = 60.0
"""Seconds without any job that count as a pause between two sittings; a twentieth of the busy time if that is more."""


def read_benchmarks(folder: Path) -> pd.DataFrame:
    """One row per job: rule, start and end in seconds since 1970; a job ended when its benchmark was written."""
    rows = []
    for path in sorted(folder.rglob("*.tsv")):
        end, seconds = path.stat().st_mtime, pd.read_csv(path, sep="\t")["s"].sum()
        rows.append((path.relative_to(folder).parts[0], end - seconds, end))
    return pd.DataFrame(rows, columns=["rule", "start", "end"]).sort_values(["start", "end"], ignore_index=True)


def sittings(jobs: pd.DataFrame) -> list[tuple[float, float]]:
    """Start and end of every stretch of time with jobs; pauses separate them."""
    stretches: list[list[float]] = []
    for start, end in zip(jobs["start"], jobs["end"], strict=True):
        if stretches and start <= stretches[-1][1]:
            stretches[-1][1] = max(end, stretches[-1][1])
        else:
            stretches.append([start, end])
    pause = max(PAUSE, sum(end - start for start, end in stretches) / 20)
    found: list[tuple[float, float]] = []
    for start, end in stretches:
        if found and start - found[-1][1] < pause:
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    return found


def at_once(jobs: pd.DataFrame) -> pd.Series:
    """The number of running jobs after each moment at which a job starts or ends."""
    steps = pd.concat([pd.Series(1, index=jobs["start"]), pd.Series(-1, index=jobs["end"])])
    return steps.groupby(level=0).sum().cumsum()


def timeline_figure(jobs: pd.DataFrame, width: float) -> Figure:
    """Jobs at once by rule over time, without pauses, and beside it the total time of each rule's jobs."""
    rules = list(dict.fromkeys(jobs["rule"]))
    if not rules:
        return message_figure("no job has left a benchmark", width)
    figure, (when, cost) = plt.subplots(
        1, 2, figsize=(width, 0.9 + 0.3 * len(rules)), sharey=True, width_ratios=[2.2, 1], layout="constrained"
    )
    stretches = sittings(jobs)
    busy = sum(end - start for start, end in stretches)
    most = int(at_once(jobs).max())
    place = _without_pauses(stretches)
    _draw_runs(when, jobs, rules, place)
    _label_time(when, stretches, place)
    _draw_cost(cost, jobs, rules)
    when.set_yticks(range(len(rules)), rules)
    when.set_ylim(len(rules) - 0.4, -0.6)
    work = (jobs["end"] - jobs["start"]).sum()
    runs = f" in {len(stretches)} sittings" * (len(stretches) > 1)
    figure.suptitle(
        fitted(
            f"{len(jobs)} jobs took {spell(work)} of work and {spell(busy)} of time{runs}, at most {most} at once",
            width,
        ),
        fontsize="medium",
    )
    return figure


def _without_pauses(stretches: list[tuple[float, float]]) -> Placement:
    """The position of a moment on an axis on which every pause takes a fiftieth of the busy time."""
    gap = sum(end - start for start, end in stretches) / 50
    moments, places, place = [], [], 0.0
    for start, end in stretches:
        moments += [start, end]
        places += [place, place + end - start]
        place += end - start + gap
    return lambda times: np.interp(times, moments, places)


def _draw_runs(axes: Axes, jobs: pd.DataFrame, rules: list[str], place: Placement) -> None:
    """One band per rule; the higher it is, the more jobs run at once."""
    counts = {rule: at_once(jobs[jobs["rule"] == rule]) for rule in rules}
    most = max(count.max() for count in counts.values())
    for row, count in enumerate(counts.values()):
        running, base = count.to_numpy()[:-1], row + 0.425
        tops = np.where(running > 0, base - 0.15 - 0.7 * running / most, np.nan)
        axes.stairs(tops, place(count.index.to_list()), baseline=base, fill=True, color="C0", linewidth=0.6)
    axes.tick_params(left=False)


def _label_time(axes: Axes, stretches: list[tuple[float, float]], place: Placement) -> None:
    """Show time without pauses along the axis, and above it the start of each sitting, if there is room."""
    lengths = [end - start for start, end in stretches]
    busy = sum(lengths)
    unit, name = next(
        (size, name) for size, name in ((3600, "h"), (60, "min"), (1, "s")) if busy > 3 * size or size == 1
    )
    elapsed = np.cumsum([0, *lengths])
    ticks = [tick for tick in MaxNLocator(6, integer=True).tick_values(0, busy / unit) if 0 <= tick * unit <= busy]
    moments = [start for start, _ in stretches]
    sitting = np.searchsorted(elapsed[1:-1], [tick * unit for tick in ticks], side="right")
    axes.set_xticks(
        place([moments[k] + tick * unit - elapsed[k] for k, tick in zip(sitting, ticks, strict=True)]),
        [f"{tick:.0f}" for tick in ticks],
    )
    axes.set_xlabel(f"time in {name}" + ", pauses cut out" * (len(stretches) > 1))
    for start, length in zip(moments, lengths, strict=True):
        left = place([start])[0]
        if start > moments[0]:
            axes.axvline(left - busy / 100, color="0.6", linewidth=0.8, linestyle=":")
        if length > busy / 5:
            began = datetime.fromtimestamp(start).strftime("%-d %b %H:%M")
            axes.annotate(
                began, (left, 1), xycoords=("data", "axes fraction"), va="bottom", color="0.4", fontsize="small"
            )


def _draw_cost(axes: Axes, jobs: pd.DataFrame, rules: list[str]) -> None:
    """The time of all jobs of a rule, with their number."""
    totals = (jobs["end"] - jobs["start"]).groupby(jobs["rule"]).agg(["sum", "count"]).loc[rules]
    axes.barh(range(len(rules)), totals["sum"], height=0.7, color="C1")
    for row, (seconds, count) in enumerate(totals.itertuples(index=False)):
        axes.text(seconds, row, f" {spell(seconds)} · {count} job{'s' * (count > 1)}", va="center", fontsize="small")
    axes.set_xlim(0, 1.9 * totals["sum"].max())
    axes.set_xlabel("work in all jobs")
    axes.set_xticks([])
    axes.tick_params(left=False)
    axes.spines[["bottom", "left"]].set_visible(False)
