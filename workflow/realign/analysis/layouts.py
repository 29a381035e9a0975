"""The tables of the paper, in wide form with intervals and deviations in the cells, as CSV and LaTeX."""

import re
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from realign.analysis.correlation import ALL_MODELS, CEILING, LAST_TWO, PRINTED
from realign.analysis.gains import ALL_TARGETS
from realign.analysis.names import language_name, task_name
from realign.analysis.tables import BASELINE
from realign.text.files import atomic_writer

SIGNIFICANT = 0.05
STAR, DAGGER = "*", "†"
MISSING = "–"
NUMBER = re.compile(r"(?P<sign>[+-]?)(?P<digits>\d+(?:\.\d+)?)")
"""A number in a cell."""


@dataclass(frozen=True)
class Shown:
    """The methods with their labels, and the measures, both in order; some tables show only the first measure."""

    labels: Mapping[str, str]
    measures: list[str]
    source_language: str


@dataclass(frozen=True)
class Layout:
    """The cells of a table, those that are best (of the same shape), and the columns that a gap sets apart."""

    cells: pd.DataFrame
    best: pd.DataFrame | None = None
    apart: tuple[str, ...] = ()


def correlation_layout(correlations: pd.DataFrame, shown_in: Shown) -> Layout:
    """ρ of the baseline with its interval: rows are task, layer and moment, columns are measure and direction.

    All models together, the first measures. A star marks p < 0.05 (permutation of languages) after Holm's correction
    over the table, a dagger an interval that leaves out 0.
    """
    shown = _shown_correlations(correlations)
    cells = shown.assign(cell=[_correlation_cell(row) for row in shown.to_dict("records")])
    wide = _wide(cells, ["task", "position", "moment"], ["measure", "direction"])
    columns = [(measure, direction) for measure in shown_in.measures for direction in ("forward", "backward")]
    wide = wide[[column for column in columns if column in wide.columns]]
    wide = wide.sort_index(ascending=[True, True, False])  # before fine-tuning, then after
    return Layout(wide.rename(index=task_name, level="task"))


def _correlation_cell(row: Mapping[Hashable, Any]) -> str:
    if pd.isna(row["rho"]):
        return MISSING
    marks = STAR * (row["p_holm"] < SIGNIFICANT) + DAGGER * _leaves_out_zero(row)
    return f"{row['rho']:.2f} [{row['low']:.2f}, {row['high']:.2f}]{marks}"


def _leaves_out_zero(row: Mapping[Hashable, Any]) -> bool:
    return bool(row["low"] > 0 or row["high"] < 0)


def _shown_correlations(correlations: pd.DataFrame) -> pd.DataFrame:
    pooled = (correlations["method"] == BASELINE) & (correlations["model"] == ALL_MODELS)
    printed = correlations["measure"].isin(correlations["measure"].unique()[:PRINTED])
    return correlations[pooled & printed & correlations["position"].isin(LAST_TWO)]


def change_layout(change: pd.DataFrame, shown_in: Shown) -> Layout:
    """Relative change of last-layer alignment by fine-tuning, in %, mean ± deviation over seeds, by language."""
    shown = change[
        (change["method"] == BASELINE)
        & (change["layer"] == change["layers"])
        & (change["measure"] == shown_in.measures[0])
        & (change["direction"] == "forward")
    ]
    means = shown.groupby(["task", "model"])["change"].mean().reset_index().assign(language=ALL_TARGETS)
    rows = pd.concat([shown, means]).to_dict("records")
    cells = pd.DataFrame(rows).assign(cell=[_with_deviation(row["change"], row["change_sd"], "+.1f") for row in rows])
    return _by_language(_wide(cells, ["task", "model"], ["language"]), shown_in)


def realignment_layout(gains: pd.DataFrame, shown_in: Shown) -> Layout:
    """Score averaged over the target languages, in %, mean ± deviation over seeds: one column per method.

    A star marks a gain over the baseline whose interval leaves out 0; the best method of a row is set in bold.
    """
    shown = gains[gains["language"] == ALL_TARGETS]
    wide = _wide(_score_cells(shown), ["task", "model"], ["method"])
    means = shown.pivot(index=["task", "model"], columns="method", values="mean").round(3)
    methods = [method for method in shown_in.labels if method in wide.columns]
    best = means[methods].eq(means[methods].max(axis=1), axis=0)
    labelled = wide[methods].rename(columns=shown_in.labels).rename(index=task_name, level="task")
    return Layout(labelled, best if len(methods) > 1 else None)


def language_layout(gains: pd.DataFrame, shown_in: Shown) -> Layout:
    """Score by language, in %, mean ± deviation over seeds, and the mean over the target languages.

    A star marks a gain whose interval leaves out 0; the best method of a model is set in bold.
    """
    order = list(shown_in.labels)
    rows = ["task", "model", "method"]

    def in_order(table: pd.DataFrame) -> pd.DataFrame:
        return table.sort_index(key=lambda level: level.map(order.index) if level.name == "method" else level)

    wide = in_order(_wide(_score_cells(gains), rows, ["language"]))
    means = in_order(gains.pivot(index=rows, columns="language", values="mean").round(3))
    layout = _by_language(wide, shown_in)
    several = gains["method"].nunique() > 1
    best = means.eq(means.groupby(["task", "model"]).transform("max")).rename(columns=language_name)
    cells = layout.cells.rename(index=shown_in.labels, level="method")
    return Layout(cells, best[cells.columns] if several else None, layout.apart)


def _score_cells(gains: pd.DataFrame) -> pd.DataFrame:
    rows = gains.to_dict("records")
    return gains.assign(cell=[_with_deviation(row["mean"], row["sd"]) + STAR * _leaves_out_zero(row) for row in rows])


def _by_language(wide: pd.DataFrame, shown_in: Shown) -> Layout:
    """Columns in the order of the languages' names; the source language first and the mean last, both set apart."""
    source, present = shown_in.source_language, set(wide.columns)
    targets = sorted(present - {source, ALL_TARGETS}, key=language_name)
    columns = [name for name in (source, *targets, ALL_TARGETS) if name in present]
    named = wide[columns].rename(columns=language_name).rename(index=task_name, level="task")
    return Layout(named, apart=tuple(language_name(name) for name in (*targets[:1], ALL_TARGETS)))


def _with_deviation(value: float, deviation: float, form: str = ".1f") -> str:
    if pd.isna(value):
        return MISSING
    spread = "" if pd.isna(deviation) else f" ± {100 * deviation:.1f}"
    return f"{100 * value:{form}}{spread}"


def _wide(cells: pd.DataFrame, index: list[str], columns: list[str]) -> pd.DataFrame:
    wide = cells.pivot(index=index, columns=columns, values="cell")
    return wide.sort_index(axis=0).sort_index(axis=1).fillna(MISSING)


LAYOUTS: dict[str, tuple[str, Callable[[pd.DataFrame, Shown], Layout], str]] = {
    "correlations": (
        "correlations",
        correlation_layout,
        "Spearman's rho between alignment (over {pairs} word pairs of each language) and cross-lingual transfer of the "
        "baseline, with {confidence} intervals that resample languages and models. Target languages: {languages}; "
        "models: {models}; seeds: {seeds}; points per task: {n}. Forward is from source to target. "
        "*: p < 0.05, permuting languages, after Holm's correction over the table{reach}. †: the interval leaves out 0."
        "{ceiling}",
    ),
    "alignment_change": (
        "alignment_change",
        change_layout,
        "Relative change of {measure} last-layer alignment from source to target by fine-tuning of the baseline (%), "
        "mean and deviation over {runs} seeds, and the mean over the languages.",
    ),
    "realignment": (
        "realignment",
        realignment_layout,
        "Score averaged over the target languages (%), mean and deviation over {runs} seeds; the best is in bold. *: "
        "the {confidence} bootstrap interval of the gain over the baseline, over languages, seeds and test sentences, "
        "leaves out 0.",
    ),
    "realignment_by_language": (
        "realignment",
        language_layout,
        "Score by language (%), mean and deviation over {runs} seeds, and the mean over the target languages; the "
        "best is in bold. *: the {confidence} bootstrap interval of the gain over the baseline, over seeds and test "
        "sentences, leaves out 0.",
    ),
}
"""The tables of the paper by name: the tidy table behind each, its layout and the pattern of its caption."""


def caption_of(name: str, table: pd.DataFrame, confidence: float, measure: str) -> str:
    """A table's caption with the confidence of its intervals and the runs (seeds) or points in the tidy table."""
    more = {}
    if name == "correlations":
        table = _shown_correlations(table)
        more = {"reach": _reach(table), "ceiling": ceiling_note(table["ceiling"])}
    counts = ("n", "runs", "languages", "models", "seeds", "pairs")
    numbers = {column: _range(table[column]) for column in counts if column in table}
    return LAYOUTS[name][2].format(**numbers, **more, confidence=f"{100 * confidence:g}%", measure=measure)


def _reach(shown: pd.DataFrame) -> str:
    """Whether a star is out of reach, because the languages have too few permutations for so many cells."""
    tested, least = shown["p"].notna().sum(), shown["p_least"].min()
    if pd.isna(least) or tested * least < SIGNIFICANT:
        return ""
    return f", which is out of reach here: {_range(shown['languages'])} languages have no p below {least:.2g}"


def ceiling_note(ceilings: pd.Series) -> str:
    """A sentence about the models near the ceiling of a measure, from column `ceiling` of correlations; or nothing."""
    models = sorted({model for names in ceilings.dropna() for model in names.split()})
    if not models:
        return ""
    return (
        f" Mean alignment of {', '.join(models)} reaches {CEILING:g} or more, "
        "where the measure can hardly tell languages apart."
    )


def _range(numbers: pd.Series) -> str:
    low, high = int(numbers.min()), int(numbers.max())
    return str(low) if low == high else f"{low} to {high}"


def write_layout(layout: Layout, csv: Path, tex: Path, *, caption: str, label: str) -> None:
    """Write a laid-out table as CSV and as a LaTeX table (booktabs), whose decimal points stand under one another."""
    flat = layout.cells.copy()
    flat.columns = [" ".join(map(str, column)) if isinstance(column, tuple) else column for column in flat.columns]
    with atomic_writer(csv) as out:
        flat.to_csv(out, lineterminator="\n")
    with atomic_writer(tex) as out:
        out.write("% \\usepackage{booktabs,multirow}\n" + _latex(layout, caption, label))


def _latex(layout: Layout, caption: str, label: str) -> str:
    cells = layout.cells.copy()
    for place in range(cells.shape[1]):
        best = [False] * len(cells) if layout.best is None else layout.best.iloc[:, place].tolist()
        cells.isetitem(place, aligned(cells.iloc[:, place].tolist(), best))
    styler = cells.style.format_index(escape="latex", axis=0).format_index(escape="latex", axis=1)
    gaps = ["@{\\hskip 1.5em}" if name in layout.apart else "" for name in cells.columns]
    return str(
        styler.to_latex(
            hrules=True,
            column_format="l" * cells.index.nlevels + "".join(gap + "r" for gap in gaps),
            caption=_escaped(caption),
            label=label,
            position_float="centering",
            multicol_align="c",
            clines=None,
        )
    )


def aligned(cells: list[str], best: Iterable[bool]) -> list[str]:
    """The cells of a right-aligned LaTeX column, padded so that their decimal points stand under one another.

    Numbers after the first one of a cell get as wide as the widest in their place; marks take no room.
    """
    numbers = [list(NUMBER.finditer(cell)) for cell in cells]
    fullest = max(numbers, key=len, default=[])
    signed = [any(own[place]["sign"] for own in numbers if place < len(own)) for place in range(len(fullest))]
    longest = [max(len(own[place]["digits"]) for own in numbers if place < len(own)) for place in range(len(fullest))]
    return [
        _aligned_cell(cell, own, fullest, signed, longest, bold)
        for cell, own, bold in zip(cells, numbers, best, strict=True)
    ]


def _aligned_cell(
    cell: str,
    own: list[re.Match[str]],
    fullest: list[re.Match[str]],
    signed: list[bool],
    longest: list[int],
    bold: bool,
) -> str:
    written, end = "", 0
    for place, number in enumerate(own):
        sign, digits = number["sign"].replace("-", "$-$"), number["digits"]
        if place:
            pad = r"\phantom{$-$}" * (signed[place] and not sign) + r"\phantom{0}" * (longest[place] - len(digits))
        else:
            pad = ""
        shown = rf"\textbf{{{sign}{digits}}}" if bold and not place else sign + digits
        written += _escaped(cell[end : number.start()]) + pad + shown
        end = number.end()
    rest = cell[end:]
    marks = "".join(mark for mark in rest if mark in STAR + DAGGER)
    written += _escaped(rest.removesuffix(marks))
    if own and len(own) < len(fullest):
        whole = fullest[0].string[fullest[len(own) - 1].end() :].rstrip(STAR + DAGGER)
        written += rf"\phantom{{{_escaped(whole)}}}"
    return written + (rf"\rlap{{\textsuperscript{{{_escaped(marks)}}}}}" if marks else "")


def _escaped(text: str) -> str:
    """Text for LaTeX, with the few signs that tables have."""
    text = re.sub(r"([%&#_$])", r"\\\1", text)
    signs = {"±": r"$\pm$", DAGGER: r"\dag{}", "–": "--", "-": "$-$", "ρ": r"$\rho$", "τ": r"$\tau$"}
    return re.sub(r"(?<![\w])-(?=\d)|[±†–ρτ]", lambda found: signs[found[0]], text)
