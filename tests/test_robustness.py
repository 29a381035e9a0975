"""Killed at any moment, a run goes on to the same bytes; finished, it has nothing to do."""

import os
import random
import signal
import subprocess
import time
from pathlib import Path

import pytest

from study import Study, environment


def kill_group(process: subprocess.Popen[bytes]) -> None:
    """End Snakemake and its jobs at once, as a power cut would."""
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@pytest.mark.parametrize("seed", [1])
def test_a_killed_run_continues_to_the_same_bytes(finished_study: Study, tmp_path: Path, seed: int) -> None:
    expected = finished_study.tables()
    study = finished_study.copy(tmp_path)
    for path in ("results", ".snakemake"):
        subprocess.run(["rm", "-rf", str(study.folder / path)], check=True)
    moments = random.Random(seed)
    for _ in range(2):
        process = subprocess.Popen(
            study.command("-j4"),
            cwd=study.folder,
            env=environment(),
            start_new_session=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(moments.uniform(8, 25))
        kill_group(process)
    study.run()
    assert study.tables() == expected


def test_a_second_run_beside_the_first_is_refused_and_a_dry_run_is_not(finished_study: Study, tmp_path: Path) -> None:
    study = finished_study.copy(tmp_path)
    subprocess.run(["rm", "-rf", str(study.folder / "results")], check=True)
    process = subprocess.Popen(
        study.command("-j1"),
        cwd=study.folder,
        env=environment(),
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + 60
        while not (study.folder / "results").exists() and time.monotonic() < deadline:
            time.sleep(0.2)
        finished, dry = study.snakemake("-j1"), study.snakemake("-n")
    finally:
        kill_group(process)
    assert finished.returncode != 0 and dry.returncode == 0
    assert "another run is at work in this folder" in " ".join((finished.stdout + finished.stderr).split())


def test_a_finished_run_has_nothing_to_do_and_says_so(finished_study: Study) -> None:
    finished = finished_study.snakemake("-j1")
    output = finished.stdout + finished.stderr
    assert finished.returncode == 0
    assert "Nothing to be done" in output
