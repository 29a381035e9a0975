"""The tables of the paper, in wide form with intervals and deviations in the cells, as CSV and LaTeX."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from realign.analysis.correlation import ALL_MODELS, CEILING, LAST_TWO
from realign.analysis.gains import ALL_TARGETS
from realign.analysis.tables import BASELINE
from realign.text.files import atomic_writer

SIGNIFICANT = 0.05


@dataclass(frozen=True)
class Shown:
    """The methods with their labels, and the measures, both in order; some tables show only the first measure."""

    labels: Mapping[str, str]
    measures: list[str]


def correlation_layout(correlations: pd.DataFrame, shown_in: Shown) -> pd.DataFrame:
    """ρ of the baseline with its interval: rows are task, layer and moment, columns are measure and direction.

    All models together. A star marks p < 0.05 (permutation of languages) after Holm's correction over the table.
    """
    shown = _shown_correlations(correlations)
    cells = shown.assign(
        cell=[
            f"{row['rho']:.2f} [{row['low']:.2f}, {row['high']:.2f}]{'*' if row['p_holm'] < SIGNIFICANT else ''}"
            for row in shown.to_dict("records")
        ]
    )
    wide = _wide(cells, ["task", "position", "moment"], ["measure", "direction"])
    columns = [(measure, direction) for measure in shown_in.measures for direction in ("forward", "backward")]
    wide = wide[[column for column in columns if column in wide.columns]]
    return wide.sort_index(ascending=[True, True, False])  # before fine-tuning, then after


def _shown_correlations(correlations: pd.DataFrame) -> pd.DataFrame:
    pooled = (correlations["method"] == BASELINE) & (correlations["model"] == ALL_MODELS)
    return correlations[pooled & correlations["position"].isin(LAST_TWO)]


def change_layout(change: pd.DataFrame, shown_in: Shown) -> pd.DataFrame:
    """Relative change of last-layer alignment by fine-tuning, in %, mean ± deviation over seeds, by language."""
    shown = change[
        (change["method"] == BASELINE)
        & (change["layer"] == change["layers"])
        & (change["measure"] == shown_in.measures[0])
        & (change["direction"] == "forward")
    ]
    cells = shown.assign(
        cell=[_with_deviation(row["change"], row["change_sd"], "+.1f") for row in shown.to_dict("records")]
    )
    return _wide(cells, ["task", "model"], ["language"])


def realignment_layout(gains: pd.DataFrame, shown_in: Shown) -> pd.DataFrame:
    """Score averaged over the target languages, in %, mean ± deviation over seeds: one column per method."""
    shown = gains[gains["language"] == ALL_TARGETS]
    cells = shown.assign(cell=[_with_deviation(row["mean"], row["sd"]) for row in shown.to_dict("records")])
    wide = _wide(cells, ["task", "model"], ["method"])
    methods = [method for method in shown_in.labels if method in wide.columns]
    return wide[methods].rename(columns=shown_in.labels)


def language_layout(gains: pd.DataFrame, shown_in: Shown) -> pd.DataFrame:
    """Score by language, in %, mean ± deviation over seeds; a star marks a gain whose interval excludes zero."""
    shown = gains[gains["language"] != ALL_TARGETS]
    cells = shown.assign(
        cell=[
            _with_deviation(row["mean"], row["sd"]) + ("*" if row["low"] > 0 or row["high"] < 0 else "")
            for row in shown.to_dict("records")
        ]
    )
    wide = _wide(cells, ["task", "model", "method"], ["language"])
    order = list(shown_in.labels)
    wide = wide.sort_index(key=lambda level: level.map(order.index) if level.name == "method" else level)
    return wide.rename(index=shown_in.labels, level="method")


def _with_deviation(value: float, deviation: float, form: str = ".1f") -> str:
    spread = "" if pd.isna(deviation) else f" ± {100 * deviation:.1f}"
    return f"{100 * value:{form}}{spread}"


def _wide(cells: pd.DataFrame, index: list[str], columns: list[str]) -> pd.DataFrame:
    wide = cells.pivot(index=index, columns=columns, values="cell")
    return wide.sort_index(axis=0).sort_index(axis=1).fillna("")


LAYOUTS: dict[str, tuple[str, Callable[[pd.DataFrame, Shown], pd.DataFrame], str]] = {
    "correlations": (
        "correlations",
        correlation_layout,
        "Spearman's rho between alignment (over {pairs} word pairs of each language) and cross-lingual transfer of the "
        "baseline, with {confidence} intervals that resample languages and models. Target languages: {languages}; "
        "models: {models}; seeds: {seeds}; points per task: {n}. Forward is from source to target. "
        "*: p < 0.05, permuting languages, after Holm's correction over the table{reach}.{ceiling}",
    ),
    "alignment_change": (
        "alignment_change",
        change_layout,
        "Relative change of {measure} last-layer alignment from source to target by fine-tuning of the baseline (%), "
        "mean and deviation over {runs} seeds.",
    ),
    "realignment": (
        "realignment",
        realignment_layout,
        "Score averaged over the target languages (%), mean and deviation over {runs} seeds.",
    ),
    "realignment_by_language": (
        "realignment",
        language_layout,
        "Score by language (%), mean and deviation over {runs} seeds. *: the {confidence} bootstrap interval of the "
        "gain over the baseline, over seeds and test sentences, excludes 0.",
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


def write_layout(layout: pd.DataFrame, csv: Path, tex: Path, *, caption: str, label: str) -> None:
    """Write a laid-out table as CSV and as a LaTeX table (booktabs)."""
    flat = layout.copy()
    flat.columns = [" ".join(map(str, column)) if isinstance(column, tuple) else column for column in flat.columns]
    with atomic_writer(csv) as out:
        flat.to_csv(out, lineterminator="\n")
    styler = (
        layout.style.format(escape="latex").format_index(escape="latex", axis=0).format_index(escape="latex", axis=1)
    )
    latex = styler.to_latex(
        hrules=True,
        caption=caption.replace("%", r"\%"),
        label=label,
        position_float="centering",
        multicol_align="c",
        clines=None,
    )
    with atomic_writer(tex) as out:
        out.write("% \\usepackage{booktabs,multirow}\n" + latex.replace("±", "$\\pm$"))
