"""Pythons, processors and systems other than those that the tests run on, by taking from them what others lack."""

import os
import runpy
import shutil
import subprocess
import sys
from importlib.metadata import metadata
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from snakemake.benchmark import BenchmarkRecord, BenchmarkTimer

from realign.jobs import threads
from realign.jobs.measuring import measure_without_io_counters
from realign.jobs.warm import start_jobs_warm
from realign.text import raw_bitext
from study import PLAIN, PROJECT, Study

MAC = Path(__file__).parent / "as_on_macos"


def trouble(monkeypatch: pytest.MonkeyPatch, *python: int, compiler: str = "gcc") -> Any:
    """What `make` says before it installs with this version of Python, called `python3`."""
    monkeypatch.setattr(sys, "version_info", python)
    monkeypatch.setenv("CC", compiler)
    return runpy.run_path(str(PROJECT / "envs/check_python.py"))["trouble"]("python3")


def test_make_says_in_one_sentence_which_pythons_will_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "Python.h").touch()
    monkeypatch.setattr("sysconfig.get_path", lambda _: str(tmp_path))
    for python in ((3, 11, 0), (3, 12, 1), (3, 13, 5), (3, 14, 0)):
        assert trouble(monkeypatch, *python, compiler=sys.executable) is None
        assert trouble(monkeypatch, *python, compiler="no-compiler") is None or python >= (3, 14)
    for python in ((3, 9, 6), (3, 15, 0)):
        said = f"python3 is {python[0]}.{python[1]}. Try make PYTHON=python3.11"
        assert trouble(monkeypatch, *python) == f"Realign needs Python 3.11 to 3.14; {said}"
    assert "needs a C compiler" in trouble(monkeypatch, 3, 14, 0, compiler="no-compiler")
    (tmp_path / "Python.h").unlink()
    assert "Python's headers, because python3 is 3.14" in trouble(monkeypatch, 3, 14, 0, compiler=sys.executable)


def test_the_lock_fits_every_python_that_make_takes() -> None:
    lines = (PROJECT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    locked = [Requirement(line) for line in lines if line and not line.lstrip().startswith("#")]
    for one in locked:
        if one.marker is None or one.marker.evaluate():
            needed = SpecifierSet(metadata(one.name).get("Requires-Python", ""))
            assert {"3.11.0", "3.14.0"} <= set(needed.filter(["3.11.0", "3.14.0"])), one


def test_without_affinity_all_cores_are_available(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "sched_getaffinity")
    assert threads.available_cores() == os.cpu_count()


def test_snakemake_measures_memory_where_input_and_output_are_not_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(psutil.Process, "io_counters")
    for measured in (False, True):
        if measured:
            measure_without_io_counters()
        record = BenchmarkRecord()
        BenchmarkTimer(os.getpid(), record).work()
        assert (record.data_collected, (record.max_rss or 0) > 1) == (measured, measured)


def test_no_process_is_forked_on_macos_to_split_words(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "raw").write_text("A house.\tUne maison.\n", encoding="utf-8")
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(raw_bitext, "ProcessPoolExecutor", None)
    raw_bitext.tokenise_bitext(tmp_path / "raw", "en", "fr", tmp_path / "bitext", threads=2)
    assert (tmp_path / "bitext").read_text(encoding="utf-8") == "A house . ||| Une maison .\n"


def test_jobs_start_cold_where_a_process_cannot_be_watched(monkeypatch: pytest.MonkeyPatch) -> None:
    shell = SimpleNamespace(sp=subprocess)
    monkeypatch.setitem(sys.modules, "snakemake.shell", shell)
    monkeypatch.delattr(os, "pidfd_open")
    start_jobs_warm(lambda: True)
    assert shell.sp is subprocess


def test_a_study_runs_without_what_macos_lacks(new_study: Study, tmp_path: Path) -> None:
    study = new_study.fresh(tmp_path / "study")
    targets = ["results/alignment/mine/pretrained/de.json", "results/links/dictionary/train/en-de.txt"]
    environment = study.environment() | {"PYTHONPATH": str(MAC)}
    command = study.command(*PLAIN, "-j2", *targets)
    ended = subprocess.run(command, cwd=study.folder, env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "unable to collect" not in ended.stderr and "/proc" not in ended.stderr


def test_a_project_named_by_a_link_plans_the_same_jobs(new_study: Study, tmp_path: Path) -> None:
    project = tmp_path / "project"
    shutil.copytree(new_study.project, project)
    shutil.copy(PROJECT / "config.yaml", project)
    (tmp_path / "link").symlink_to(project)
    inputs = []
    for folder in (project, tmp_path / "link"):
        said = Study(folder, project).snakemake(*PLAIN, "-n", "results/links/dictionary/train/en-fr.txt").stdout
        inputs.append([line for line in said.splitlines() if line.startswith("    input: ")])
    assert "    input: lab/dictionary/en-fr.txt, results/bitext/train/en-fr.txt" in inputs[0] and inputs[0] == inputs[1]
