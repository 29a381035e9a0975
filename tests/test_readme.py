"""The numbers in README.md are made from the tables."""

from pathlib import Path
from types import ModuleType

import pandas as pd
import pytest

from realign.analysis.answers import claim_answers, correlation_answer, gain_answer
from study import PROJECT


@pytest.fixture
def readme(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(PROJECT / "docs"))
    import readme

    return readme


def cells(**after: object) -> pd.DataFrame:
    about = {"task": "pos", "method": "baseline", "model": "all", "position": "last", "measure": "weak"}
    about |= {"direction": "forward", "languages": 5, "models": 2, "seeds": 2, "n": 20, "pairs": 200, "ceiling": ""}
    before = {**about, "moment": "before", "rho": 0.66, "low": -0.39, "high": 0.95, "p": 0.25, "p_least": 1 / 120}
    return pd.DataFrame([before, {**before, "moment": "after", "rho": 0.86, "low": 0.06, "high": 1.0, **after}])


def test_a_correlation_is_said_to_hold_only_if_its_p_and_its_interval_say_so() -> None:
    def said(**after: object) -> str:
        return correlation_answer(cells(**after), "pos", "weak", 0.95)

    assert "is 0.66 (95% interval over languages and models -0.39 to 0.95; p = 0.25 by permuting the 5" in said(p=0.06)
    assert "no less than 0.0083" in said(p=0.06) and "over 200 word pairs of each language" in said(p=0.06)
    neither = "Neither establishes that better aligned languages transfer better."
    assert said(p=0.06).endswith(neither) and said(p=0.01, low=-0.1).endswith(neither)
    shown = "Alignment after fine-tuning goes with transfer across languages: better aligned ones transfer better."
    assert f"{shown} Alignment before fine-tuning does not establish it." in said(p=0.01)
    assert "transfer worse" in said(p=0.01, rho=-0.8, low=-0.9, high=-0.1)
    too_few = "Too few points to tell whether alignment goes with transfer."
    assert said(rho=float("nan")) == too_few and said(p=float("nan")) == too_few
    assert "Mean alignment of large reaches 0.95" in said(p=0.06, ceiling="large")


def test_gains_and_claims_are_said_with_their_intervals() -> None:
    rows = [("en", 0.5), ("ar", 0.03), ("fr", 0.01), ("mean", 0.02)]
    table = pd.DataFrame(rows, columns=["language", "gain"]).assign(
        task="pos", method="m", model="small", low=0, high=0.1
    )
    assert gain_answer(table, "pos", "m", "en") == (
        "+2.0 points for small [+0.0, +10.0]; on average over models, most for Arabic (+3.0) "
        "and least for French (+1.0)"
    )
    claims = pd.DataFrame({"method": ["m", "m", "n"], "over": [None, "n", None], "reading": ["no sign", "x", "y"]})
    assert claim_answers(claims, "m") == ["No sign."]


def test_only_the_marked_parts_of_a_page_are_written_anew(readme: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readme, "BLOCKS", {"gain": lambda _: "new " * 40})
    page = "5 before\n<!-- numbers: gain -->\nold 3\n<!-- end -->\nafter\n"
    filled = readme.filled(page, Path("results"))
    assert filled.startswith("5 before\n<!-- numbers: gain -->\nnew new") and filled.endswith("<!-- end -->\nafter\n")
    assert "old 3" not in filled and max(map(len, filled.splitlines())) <= 120
    assert readme.filled(filled, Path("results")) == filled


def test_every_marked_part_of_the_readme_has_its_numbers(readme: ModuleType) -> None:
    text = (PROJECT / "README.md").read_text(encoding="utf-8")
    parts = {match["name"]: match[0] for match in readme.BLOCK.finditer(text)}
    assert set(parts) == set(readme.BLOCKS)
    assert all(any(character.isdigit() for character in part) for part in parts.values())
