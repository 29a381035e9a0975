"""What the tables answer, in sentences that say no more than the numbers."""

from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd

from realign.analysis.claims import ALL_TASKS
from realign.analysis.correlation import ALL_METHODS, headline
from realign.analysis.gains import ALL_TARGETS
from realign.analysis.layouts import SIGNIFICANT, ceiling_note
from realign.analysis.names import language_name, task_name
from realign.analysis.tables import BASELINE


def correlation_answer(correlations: pd.DataFrame, task: str, measure: str, confidence: float) -> str:
    """Whether alignment of the last layer goes with transfer, over all models, before and after fine-tuning."""
    cells = {moment: headline(correlations, task, moment, measure) for moment in ("before", "after")}
    before, after = cells.values()
    if any(pd.isna(cell[number]) for cell in cells.values() for number in ("rho", "low", "high", "p")):
        return "Too few points to tell whether alignment goes with transfer."
    interval = f"{confidence:.0%} interval over languages and models"
    sentences = [
        f"Before fine-tuning, Spearman's ρ between {measure} last-layer alignment and transfer is {before['rho']:.2f} "
        f"({interval} {before['low']:.2f} to {before['high']:.2f}; p = {before['p']:.2g} by permuting the "
        f"{before['languages']} languages, which can give no less than {before['p_least']:.2g}); after it, ρ is "
        f"{after['rho']:.2f} ({after['low']:.2f} to {after['high']:.2f}; p = {after['p']:.2g}).",
        f"The {before['n']} points are {before['models']} models, {before['seeds']} seeds and {before['languages']} "
        f"languages, with alignment over {before['pairs']} word pairs of each language.",
        _verdict(cells),
        ceiling_note(pd.Series([cell["ceiling"] for cell in cells.values()])).strip(),
    ]
    return " ".join(filter(None, sentences))


def _verdict(cells: "Mapping[str, pd.Series[float]]") -> str:
    """What p-values and intervals establish together."""
    shown = _significant(cells)
    if not shown:
        return "Neither establishes that better aligned languages transfer better."
    ways = {"worse" if cells[moment]["rho"] < 0 else "better" for moment in shown}
    when = " and ".join(f"{moment} fine-tuning" for moment in shown)
    return (
        f"Alignment {when} goes with transfer across languages: better aligned ones transfer {' or '.join(ways)}."
        + "".join(f" Alignment {moment} fine-tuning does not establish it." for moment in cells if moment not in shown)
    )


def _significant(cells: "Mapping[str, pd.Series[float]]") -> list[str]:
    """The moments whose correlation both its p-value and its interval support."""
    return [moment for moment, cell in cells.items() if cell["p"] < SIGNIFICANT and cell["low"] * cell["high"] > 0]


def gain_answer(gains: pd.DataFrame, task: str, method: str, source_language: str) -> str:
    """The mean gain of a method over the target languages, by model, and the languages that gain most and least."""
    own = gains[(gains["task"] == task) & (gains["method"] == method)]
    means = [
        f"{100 * row['gain']:+.1f} points for {row['model']} [{100 * row['low']:+.1f}, {100 * row['high']:+.1f}]"
        for row in own[own["language"] == ALL_TARGETS].to_dict("records")
    ]
    targets = own[~own["language"].isin([ALL_TARGETS, source_language])]
    by_language = targets.groupby("language")["gain"].mean().sort_values()
    least, most = by_language.index[0], by_language.index[-1]
    extremes = (
        f"; on average over models, most for {language_name(str(most))} ({100 * by_language[most]:+.1f}) and least for "
        f"{language_name(str(least))} ({100 * by_language[least]:+.1f})"
    )
    by_model = " and ".join(filter(None, (", ".join(means[:-1]), means[-1])))
    return f"{by_model}{extremes * (len(by_language) > 1)}"


def short_answers(tables: Mapping[str, pd.DataFrame], labels: Mapping[str, str], measure: str) -> list[str]:
    """Three sentences, made from `correlations`, `realignment` and `claims`, that answer the study's questions."""
    gains, claims = tables["realignment"], tables["claims"]
    correlations = tables["correlations"]
    tasks = sorted(gains["task"].unique())
    first = [_short_correlation(correlations, task, measure) for task in sorted(correlations["task"].unique())]
    realigning = [method for method in labels if method != BASELINE and (gains["method"] == method).any()]
    if not realigning:
        nothing = "This experiment has only the baseline, so it does not say what realignment does."
        return [" ".join(first), nothing]
    return [" ".join(first), " ".join(_short_gain(gains, task, labels) for task in tasks), _short_claims(claims)]


def _short_correlation(correlations: pd.DataFrame, task: str, measure: str) -> str:
    cells = {moment: headline(correlations, task, moment, measure) for moment in ("before", "after")}
    tested = {moment: cell for moment, cell in cells.items() if pd.notna(cell["p"])}
    if not tested:
        return f"{task_name(task)}: too few points to tell whether alignment goes with transfer."
    numbers = "; ".join(
        f"{moment} fine-tuning ρ = {cell['rho']:.2f} [{cell['low']:.2f}, {cell['high']:.2f}], p = {cell['p']:.2g}"
        for moment, cell in tested.items()
    )
    return f"{task_name(task)}: {_established(tested)} ({numbers})."


def _established(cells: "Mapping[str, pd.Series[float]]") -> str:
    """What p-values and intervals establish, in few words."""
    shown = _significant(cells)
    if not shown:
        return "it is not established that better aligned languages transfer better"
    ways = {"worse" if cells[moment]["rho"] < 0 else "better" for moment in shown}
    when = " and ".join(shown)
    only = "" if len(shown) == len(cells) else f", by their alignment {when} fine-tuning"
    return f"better aligned languages transfer {' or '.join(sorted(ways))}{only}"


def _short_gain(gains: pd.DataFrame, task: str, labels: Mapping[str, str]) -> str:
    """The method that gains most over the target languages, averaged over models, with its interval for each model."""
    own = gains[(gains["task"] == task) & (gains["language"] == ALL_TARGETS) & (gains["method"] != BASELINE)]
    if own.empty:
        return f"{task_name(task)}: no method but the baseline."
    best = str(own.groupby("method")["gain"].mean().idxmax())
    rows = own[own["method"] == best].to_dict("records")
    clear = [str(row["model"]) for row in rows if row["low"] > 0]
    beats = "beats the baseline" if clear else "does not clearly beat the baseline"
    which = f" for {', '.join(clear)}" if 0 < len(clear) < len(rows) else ""
    count = own["method"].nunique()
    chosen = f"{labels[best]}, the best of {count} methods" if count > 1 else labels[best]
    numbers = ", ".join(f"{row['model']} {_points(row)}" for row in rows)
    return f"{task_name(task)}: realignment {beats}{which}; mean gain over languages in points ({chosen}): {numbers}."


def _points(row: Mapping[Hashable, Any]) -> str:
    return f"{100 * row['gain']:+.1f} [{100 * row['low']:+.1f}, {100 * row['high']:+.1f}]"


def _short_claims(claims: pd.DataFrame) -> str:
    """The claims about when realignment helps that an interval supports or contradicts, or that none is."""
    method = ALL_METHODS if (claims["method"] == ALL_METHODS).any() else claims["method"].iloc[0]
    own = claims[(claims["method"] == method) & claims["over"].isna()]
    clear = own[(own["low"] > 0) | (own["high"] < 0)]
    if clear.empty:
        return (
            "When it helps: none of the study's claims (distant languages, smaller models, tasks where alignment goes "
            "with transfer) has an interval that leaves out zero."
        )
    rows = clear.to_dict("records")
    tasks = ["over all tasks" if row["task"] == ALL_TASKS else task_name(row["task"]) for row in rows]
    said = "; ".join(f"{task}: {row['reading']}" for task, row in zip(tasks, rows, strict=True))
    return f"When it helps: {said}."


def claim_answers(claims: pd.DataFrame, method: str) -> list[str]:
    """The readings of a method's claims that are not about another method, one a sentence."""
    own = claims[(claims["method"] == method) & claims["over"].isna()]
    return [f"{reading[0].upper()}{reading[1:]}." for reading in own["reading"]]
