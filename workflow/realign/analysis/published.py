"""An experiment's scores and gains beside those of a published study."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from realign.analysis.gains import beyond_deviations
from realign.analysis.tables import BASELINE, in_order
from realign.text.published import EVERY_REALIGNMENT, PublishedRow

Values = NDArray[np.float64]

KEYS = ["quantity", "model", "task", "method", "language", "metric", "over_model", "over_method"]
OVER = ["over_model", "over_method"]
OURS = ["ours", "sd", "runs", "beyond_sd"]
THEIRS = ["published", "published_sd", "published_runs", "published_beyond_sd"]
COLUMNS = [*KEYS, *OURS, *THEIRS, "difference", "low", "high", "within"]


@dataclass(frozen=True)
class Names:
    """What an experiment's models and methods are called in the published study, by their names in the experiment."""

    models: Mapping[str, str]
    methods: Mapping[str, str]


def published_values(rows: Sequence[PublishedRow], baseline: str = BASELINE) -> pd.DataFrame:
    """Published scores and gains by the study's own names, one a row, with columns `KEYS` and `THEIRS`.

    A gain over the baseline that is not stated is the difference of the two means. Its deviation is √(s² + s₀²) of both
    deviations, as if the seeds of both sides had been drawn independently, since a study does not say how its runs
    pair. `published_beyond_sd` says whether the gain is larger than both deviations.
    """
    scores = {(row.model, row.task, row.method, row.language, row.metric): row for row in rows if not row.gain}
    found = [_row("score", key, "", "", row.value, row.sd, row.runs) for key, row in scores.items()]
    stated = set()
    for row in rows:
        if row.gain:
            key = (row.model, row.task, row.method, row.language, row.metric)
            over = row.over_model, row.over_method or baseline
            found.append(_row("gain", key, *over, row.value, row.sd, row.runs))
            stated.add((key, *over))
    for key, row in scores.items():
        model, task, method, language, metric = key
        base = scores.get((model, task, baseline, language, metric))
        if base is None or method == baseline or (key, model, baseline) in stated:
            continue
        sd = None if row.sd is None or base.sd is None else float(np.hypot(row.sd, base.sd))
        gain = _row("gain", key, model, baseline, row.value - base.value, sd, row.runs)
        if row.sd is not None and base.sd is not None:
            gain["published_beyond_sd"] = beyond_deviations(row.value - base.value, row.sd, base.sd)
        found.append(gain)
    return pd.DataFrame(found, columns=[*KEYS, *THEIRS])


def _row(
    quantity: str,
    key: Sequence[str],
    over_model: str,
    over_method: str,
    value: float,
    sd: float | None,
    runs: int | None,
) -> dict[str, object]:
    numbers = (np.nan if number is None else number for number in (sd, runs))
    values = (quantity, *key, over_model, over_method, value, *numbers)
    return dict(zip([*KEYS, *THEIRS[:3]], values, strict=True))


def own_values(scores: pd.DataFrame, wanted: pd.DataFrame) -> pd.DataFrame:
    """The experiment's scores and gains that `wanted` (columns `KEYS`) names, with columns `KEYS` and `OURS`.

    The deviation of a gain is that of the differences, paired by seed.
    """
    cell = ["model", "task", "method", "language", "metric"]
    runs = scores.groupby([*cell, "seed"])["score"].mean().reset_index()
    own = wanted[KEYS].merge(runs, on=cell)
    over = runs.rename(columns={"model": "over_model", "method": "over_method", "score": "over"})
    paired = own.merge(over, on=[*(key for key in cell if key not in ("model", "method")), *OVER, "seed"])
    means = own[own["quantity"] == "score"].groupby(KEYS)["score"].agg(["mean", "std", "count"])
    gains = paired.assign(gain=paired["score"] - paired["over"]).groupby(KEYS)
    found = gains["gain"].agg(["mean", "std", "count"])
    deviations = gains[["score", "over"]].std().to_numpy(float)
    beyond = [beyond_deviations(gain, *both) for gain, both in zip(found["mean"], deviations, strict=True)]
    found["beyond_sd"] = pd.Series(beyond, index=found.index, dtype=object)
    return pd.concat([means, found]).reset_index().set_axis([*KEYS, *OURS], axis="columns")


def beside_published(
    scores: pd.DataFrame, rows: Sequence[PublishedRow], names: Names, methods: Sequence[str], *, confidence: float
) -> pd.DataFrame:
    """Each published score and gain that the experiment also has, with the difference between both.

    `low` and `high` bound the difference, ours minus theirs, by a Student interval over seeds (`difference_interval`);
    `within` says whether zero lies inside, so that the difference is no larger than seeds alone make it. Of many rows,
    a share of 1 - `confidence` lies outside by chance. It is empty where neither side has a deviation.
    """
    theirs = _by_own_names(published_values(rows), names)
    both = own_values(scores, theirs).merge(theirs, on=KEYS)
    both["difference"] = both["ours"] - both["published"]
    sd, runs, other_sd, other_runs = (
        both[column].to_numpy(float) for column in ("sd", "runs", "published_sd", "published_runs")
    )
    half = difference_interval(sd, runs, other_sd, other_runs, confidence)
    both["low"], both["high"] = both["difference"] - half, both["difference"] + half
    inside = (both["low"] <= 0) & (both["high"] >= 0)
    both["within"] = inside.astype(object).where(both["low"].notna(), None)
    order = ["task", "model", "method", "language", "metric", "quantity", *OVER]
    return in_order(both[COLUMNS], order, methods)


def _by_own_names(theirs: pd.DataFrame, names: Names) -> pd.DataFrame:
    """Published rows by the experiment's names; rows of models and methods that it lacks are left out."""
    realigning = [method for method in names.methods if method != BASELINE]
    models = [(theirs_, own) for own, theirs_ in names.models.items()]
    methods = [(theirs_, own) for own, theirs_ in names.methods.items()]
    methods += [(EVERY_REALIGNMENT, own) for own in realigning]
    for column, pairs in (("model", models), ("method", methods)):
        theirs = _renamed(theirs, column, pairs)
        theirs = _renamed(theirs, f"over_{column}", [*pairs, ("", "")])
    # a gain over the baseline of the same model stays with that model where two models have one name in the study
    same = theirs["over_model"] == theirs["model"]
    apart = theirs["over_model"].map(names.models.get) != theirs["model"].map(names.models.get)
    return theirs[same | apart].drop_duplicates(KEYS)


def _renamed(table: pd.DataFrame, column: str, pairs: Sequence[tuple[str, str]]) -> pd.DataFrame:
    own = pd.DataFrame(pairs, columns=[column, "own"])
    return table.merge(own, on=column).drop(columns=column).rename(columns={"own": column})


def difference_interval(sd: Values, runs: Values, other_sd: Values, other_runs: Values, confidence: float) -> Values:
    """Half the width of the interval of a difference between two means over seeds, elementwise.

    Welch's t: t · √(s₁²/n + s₂²/m), with Welch and Satterthwaite's degrees of freedom. A side with a single run, or
    without a deviation, is taken to vary as much as the other: t · s · √(1/n + 1/m), with that side's degrees of
    freedom. NaN where no side has a deviation, or a side does not say how many runs it has.
    """
    sides = [(sd, runs), (other_sd, other_runs)]
    known = [np.isfinite(deviation) & (count > 1) for deviation, count in sides]
    filled = [np.where(ok, own, other) for ok, (own, _), (other, _) in zip(known, sides, sides[::-1], strict=True)]
    squared = [deviation**2 / count for deviation, (_, count) in zip(filled, sides, strict=True)]
    total = squared[0] + squared[1]
    with np.errstate(divide="ignore", invalid="ignore"):
        welch = total**2 / sum(part**2 / (count - 1) for part, (_, count) in zip(squared, sides, strict=True))
    freedom = np.select([known[0] & known[1], known[0], known[1]], [welch, runs - 1, other_runs - 1], np.nan)
    freedom = np.where(total == 0, 1.0, freedom)  # without any spread, the interval is a point
    half: Values = stats.t.ppf((1 + confidence) / 2, freedom) * np.sqrt(total)
    return half
