"""Methods that differ by one number, as curves; and the table of logged gradients."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from realign.analysis.curve_figure import curves_figure
from realign.analysis.curves import curves_table
from realign.analysis.gradient_figure import gradients_figure
from realign.analysis.gradients import gradients_table
from realign.config.methods import Realignment, read_methods
from realign.experiment.curves import curves_of


def curves(**methods: dict[str, Any]) -> dict[str, dict[str, float]]:
    entries = {name.replace("_", "-"): settings for name, settings in methods.items()}
    return {curve.name: curve.values for curve in curves_of(read_methods(entries, Realignment()).values())}


def test_methods_that_differ_by_one_number_are_a_curve() -> None:
    before = {"when": "before", "aligner": "dictionary"}
    found = curves(
        baseline={},
        long={**before, "steps": 90},
        before_dictionary={"label": "default"},
        short={**before, "steps": 15},
        again={**before, "steps": 15, "label": "the same number"},
        upper={**before, "layers": [2]},
        both={**before, "layers": [1, 2]},
        warm={**before, "steps": 15, "temperature": 0.5},
        matched={**before, "steps": "match"},
        other={"when": "before", "aligner": "fastalign", "steps": 15},
    )
    assert found == {
        "steps: short to long": {"short": 15, "before-dictionary": 60, "long": 90},
        "layers: default to upper": {"before-dictionary": -1, "upper": 2},
        "temperature: short to warm": {"short": 0.1, "warm": 0.5},
    }
    assert list(found["steps: short to long"]) == ["short", "before-dictionary", "long"]


def test_what_does_not_matter_to_a_method_does_not_part_it_from_others() -> None:
    joint = {"when": "during", "aligner": "dictionary"}
    found = curves(
        baseline={}, weak={**joint, "coefficient": 0.1}, strong={**joint, "coefficient": 1.0, "gradient_cosine": 7}
    )
    assert found == {"coefficient: weak to strong": {"weak": 0.1, "strong": 1.0}}
    assert curves(baseline={}, before_dictionary={}, during_dictionary={}, before_fastalign={}) == {}


def tables() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Scores and alignment of a baseline and two methods in two languages."""
    scores = {"baseline": (0.5, 0.3), "short": (0.6, 0.4), "long": (0.7, 0.6)}
    gains = pd.DataFrame(
        {"model": "m", "task": "pos", "method": method, "language": language, "runs": 2, "mean": score, "sd": 0.01,
         "gain": score - base, "low": score - base - 0.1, "high": score - base + 0.1}
        for method, both in scores.items()
        for language, score, base in zip(("de", "it", "mean"), (*both, np.mean(both)), (0.5, 0.3, 0.4), strict=True)
    )  # fmt: skip
    change = pd.DataFrame(
        {"model": "m", "task": "pos", "method": method, "language": language, "layer": layer, "layers": 2,
         "direction": direction, "measure": measure, "before": both[0] / 2 * layer, "after": score / 2 * layer}
        for method, both in scores.items()
        for language, score in zip(("de", "it"), both, strict=True)
        for layer in (1, 2)
        for direction in ("forward", "backward")
        for measure in ("weak", "strong")
    )  # fmt: skip
    return gains, change


CURVE = {"name": "steps: short to long", "key": "steps", "values": {"short": 15, "long": 60}}


def test_a_curve_has_score_gain_and_last_layer_alignment_by_language() -> None:
    table = curves_table([CURVE], *tables(), "weak")
    italian = table[table["language"] == "it"].set_index("method")
    assert italian.index.tolist() == ["short", "long", "baseline"]
    assert italian[["value", "score", "gain", "before", "after"]].loc["long"].tolist() == pytest.approx(
        [60, 0.6, 0.3, 0.7, 0.6]
    )
    assert np.isnan(italian.loc["baseline", "value"])
    means = table[table["language"] == "mean"].set_index("method")
    assert means.loc["short", ["score", "after"]].tolist() == pytest.approx([0.5, 0.5])
    assert len(table) == 9 and curves_table([], *tables(), "weak").empty


def test_a_curve_is_drawn_over_its_numbers_with_the_baseline() -> None:
    far = {**CURVE, "name": "far", "values": {"short": 1, "long": 100}}
    figure = curves_figure(curves_table([CURVE, far], *tables(), "weak"), "en", "weak", 6.0)
    score, aligned, logarithmic, _ = figure.axes
    assert [tick.get_text() for tick in score.get_xticklabels()] == ["15", "60"]
    assert (score.get_xscale(), logarithmic.get_xscale()) == ("linear", "log")
    solid = [line for line in aligned.get_lines() if line.get_linestyle() == "-"]
    assert np.array([line.get_ydata() for line in solid]) == pytest.approx(
        np.array([[0.6, 0.7], [0.4, 0.6], [0.5, 0.65]])
    )
    dotted = [line.get_ydata()[0] for line in score.get_lines() if line.get_linestyle() == ":"]
    assert dotted == pytest.approx([50, 30, 40])
    figure.savefig("/dev/null", format="svg")


def test_logged_cosines_are_collected_from_loss_curves(tmp_path: Path) -> None:
    paths = [tmp_path / f"{seed}.csv" for seed in (31, 42)]
    for path, cosine in zip(paths, (0.5, -0.25), strict=True):
        path.write_text(
            f"step,learning_rate,loss,gradient_cosine\n0,0.1,2.0,{cosine}\n1,0.1,1.5,\n2,0.1,1.0,\n", encoding="utf-8"
        )
    table = gradients_table(
        [("m", "during", None, "pos", seed, str(path)) for seed, path in zip((31, 42), paths, strict=True)]
    )
    assert table[["seed", "step", "cosine"]].to_numpy().tolist() == [[31, 0, 0.5], [42, 0, -0.25]]
    figure = gradients_figure(table, {"during": "joint"}, 6.0)
    assert [list(line.get_ydata()) for line in figure.axes[0].get_lines()][1:] == [[0.125]]
