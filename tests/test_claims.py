"""When realignment helps: the study's claims, on gains that are worked out by hand."""

from collections.abc import Callable
from itertools import product
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest

from realign.analysis.claims import claims

LANGUAGES = ["ar", "de", "es", "fr", "ru", "zh"]
PARAMETERS = {"small": 10_000_000, "middle": 40_000_000, "large": 80_000_000}
ALIGNED = dict(zip(LANGUAGES, [0.2, 0.9, 0.8, 0.7, 0.5, 0.3], strict=True))


class Cell(NamedTuple):
    task: str
    model: str
    method: str
    language: str


def table(
    gain: Callable[[Cell], float],
    transfer: Callable[[Cell], float] = lambda _: -0.5,
    tasks: tuple[str, ...] = ("pos",),
    noise: float = 0.0,
) -> pd.DataFrame:
    """The claims of an experiment whose larger models align better, by 0.05 each."""
    rng = np.random.default_rng(0)
    scores, alignment = [], []
    for task, model, method, seed in product(tasks, PARAMETERS, ("baseline", "before", "during"), (1, 2)):
        run = {"model": model, "method": method, "task": task, "seed": seed}
        scores.append({**run, "language": "en", "score": 0.9, "transfer": 0.0})
        for language in LANGUAGES:
            cell = Cell(task, model, method, language)
            score = 0.5 + (gain(cell) if method != "baseline" else 0.0)
            score += noise * rng.normal()
            scores.append({**run, "language": language, "score": score, "transfer": transfer(cell)})
    about = {"moment": "before", "method": "baseline", "layer": 2, "layers": 2, "direction": "forward", "n": 50}
    for number, model in enumerate(PARAMETERS):
        for language, value in ALIGNED.items():
            row = {**about, "model": model, "language": language, "task": None, "seed": pd.NA, "measure": "weak"}
            alignment.append({**row, "score": value + 0.05 * number})
    models = pd.DataFrame({"model": list(PARAMETERS), "parameters": list(PARAMETERS.values())})
    return claims(
        pd.DataFrame(scores), pd.DataFrame(alignment), models, ["baseline", "before", "during"], "weak",
        resamples=500, confidence=0.95, seed=0,
    )  # fmt: skip


def row(found: pd.DataFrame, claim: str, method: str) -> "pd.Series[float]":
    (one,) = found[(found["claim"] == claim) & (found["method"] == method)].to_dict("records")
    return pd.Series(one)


def test_distant_languages_gain_more_by_the_slope_on_pretrained_alignment() -> None:
    found = table(lambda at: 0.3 - 0.2 * ALIGNED[at.language] if at.method == "before" else 0.1)
    before, during, both = (row(found, "distant", method) for method in ("before", "during", "all"))
    # 0.1 less alignment goes with 0.02 more gain, whatever the models differ by
    assert before[["estimate", "low", "high"]].tolist() == pytest.approx([0.02, 0.02, 0.02])
    assert before["reading"].startswith("languages that are aligned worse gain more: +2.0 points for 0.1 less")
    assert during["estimate"] == pytest.approx(0) and both["estimate"] == pytest.approx(0.01)
    assert before[["languages", "models", "seeds"]].tolist() == [6, 3, 2]


def test_smaller_models_gain_more_by_the_slope_on_parameters() -> None:
    size = {name: np.log2(count) for name, count in PARAMETERS.items()}
    found = table(lambda at: 0.9 - 0.03 * size[at.model] + 0.1 * ALIGNED[at.language], noise=0.001)
    small = row(found, "small", "before")
    assert small["estimate"] == pytest.approx(0.03, abs=0.002) and 0.025 < small["low"] < small["high"] < 0.035
    opposite = row(table(lambda at: 0.03 * size[at.model] - 0.5), "small", "all")
    assert opposite["reading"].startswith("larger models gain more: -3.0 points for half the parameters")


def test_two_methods_differ_by_their_mean_gains() -> None:
    luck = dict(zip(LANGUAGES, [0.5, -0.3, 0.1, -0.2, 0.2, -0.3], strict=True))
    found = table(lambda at: 0.1 if at.method == "before" else 0.1 - 0.01 - luck[at.language])
    (one,) = found[found["claim"] == "method"].to_dict("records")
    assert (one["method"], one["over"]) == ("before", "during")
    assert one["estimate"] == pytest.approx(0.01) and one["low"] < 0 < one["high"]
    assert one["reading"].startswith("no sign that this method gains more: +1.0 points over the other method [-")


def test_realignment_helps_more_where_alignment_predicts_transfer() -> None:
    order = {"pos": [0.0, 5, 4, 3, 2, 1], "ner": [3.0, 1, 4, 0, 5, 2], "nli": [5.0, 0, 1, 2, 3, 4]}
    rho = {task: np.corrcoef(ranks, order["pos"])[0, 1] for task, ranks in order.items()}

    def transfer(at: Cell) -> float:
        return -1 + 0.1 * order[at.task][LANGUAGES.index(at.language)]

    found = table(lambda at: 0.1 + 0.05 * rho[at.task], transfer, ("ner", "nli", "pos"))
    one = row(found, "correlated", "before")
    assert one["estimate"] == pytest.approx(0.005, abs=0.001)
    assert one["low"] > 0 and one["reading"].startswith("realignment helps more where alignment correlates")
    alone = row(table(lambda _: 0.1), "correlated", "before")
    assert np.isnan(alone["estimate"]) and alone["reading"].startswith("too few languages, models or tasks to tell")


def test_an_interval_is_over_languages_so_that_one_language_cannot_carry_a_claim() -> None:
    # the two languages that are aligned worst: one gains, one loses
    one = table(lambda at: 0.2 * (at.language == "ar"))
    low, high = row(one, "distant", "before")[["low", "high"]]
    assert low <= 1e-9 < high
