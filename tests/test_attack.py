"""A few trials of the attack; `python tests/attack.py --trials 100` makes many."""

from pathlib import Path

from attack import attack, prepared
from study import Study


def test_whatever_is_killed_cut_flipped_or_deleted_heals_or_is_reported(finished_study: Study, tmp_path: Path) -> None:
    study = finished_study.copy(tmp_path)
    tally = attack(prepared(study, tmp_path), range(1, 7), seed=4)
    assert sum(tally.values()) == 6
    assert {ending.split(": ")[1] for ending in tally} <= {"healed", "reported"}, tally
