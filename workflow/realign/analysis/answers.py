"""What the tables answer, in sentences that say no more than the numbers."""

from collections.abc import Mapping

import pandas as pd

from realign.analysis.correlation import headline
from realign.analysis.gains import ALL_TARGETS
from realign.analysis.layouts import SIGNIFICANT, ceiling_note
from realign.analysis.names import language_name


def correlation_answer(correlations: pd.DataFrame, task: str, measure: str, confidence: float) -> str:
    """Whether alignment of the last layer goes with transfer, over all models, before and after fine-tuning."""
    cells = {moment: headline(correlations, task, moment, measure) for moment in ("before", "after")}
    before, after = cells.values()
    interval = f"{confidence:.0%} interval over languages and models"
    sentences = [
        f"Before fine-tuning, Spearman's ρ between {measure} last-layer alignment and transfer is {before['rho']:.2f} "
        f"({interval} {before['low']:.2f} to {before['high']:.2f}; p = {before['p']:.2g} by permuting the "
        f"{before['languages']} languages, which can give no less than {before['p_least']:.2g}); after it, ρ is "
        f"{after['rho']:.2f} ({after['low']:.2f} to {after['high']:.2f}; p = {after['p']:.2g}).",
        f"The {before['n']} points are {before['models']} models, {before['seeds']} seeds and {before['languages']} "
        f"languages, with alignment over {before['pairs']} word pairs of each language.",
        _verdict({moment: cell for moment, cell in cells.items() if pd.notna(cell["p"])}),
        ceiling_note(pd.Series([cell["ceiling"] for cell in cells.values()])).strip(),
    ]
    return " ".join(filter(None, sentences))


def _verdict(cells: "Mapping[str, pd.Series[float]]") -> str:
    """What p-values and intervals establish together."""
    shown = [moment for moment, cell in cells.items() if cell["p"] < SIGNIFICANT and cell["low"] * cell["high"] > 0]
    if not shown:
        return "Neither establishes that better aligned languages transfer better."
    ways = {"worse" if cells[moment]["rho"] < 0 else "better" for moment in shown}
    when = " and ".join(f"{moment} fine-tuning" for moment in shown)
    return (
        f"Alignment {when} goes with transfer across languages: better aligned ones transfer {' or '.join(ways)}."
        + (" The other does not establish it." if len(shown) < len(cells) else "")
    )


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
    return f"{' and '.join(means)}{extremes * (len(by_language) > 1)}"


def claim_answers(claims: pd.DataFrame, method: str) -> list[str]:
    """The readings of a method's claims that are not about another method, one a sentence."""
    own = claims[(claims["method"] == method) & claims["over"].isna()]
    return [f"{reading[0].upper()}{reading[1:]}." for reading in own["reading"]]
