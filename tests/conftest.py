"""What several tests share: a small real encoder, and a finished run of a small study in a folder of its own.

In parallel (pytest-xdist, `--dist loadgroup`), tests go one by one to a worker that is free, but those of a module with
fixtures of its own stay together, and so do those that use a SLURM cluster. The longest ones come first.
"""

import os
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from filelock import FileLock

from cluster import SUBMITTED
from realign.encoders.checkpoint import WEIGHTS, Manifest, sha256_of, write_manifest
from realign.encoders.e5 import E5File, packaged_file, read_e5
from realign.jobs.threads import available_cores
from study import Study, build_study, words_of_the_study, write_small_encoder

torch.set_num_threads(1)  # as the jobs do: on busy cores, threads of small models mostly wait for each other


@pytest.fixture(scope="session")
def e5_file() -> E5File:
    return read_e5(packaged_file())


@pytest.fixture(scope="session")
def study_words() -> list[str]:
    """Every word of the study's texts, in order."""
    return words_of_the_study()


@pytest.fixture(scope="session")
def small_encoder(tmp_path_factory: pytest.TempPathFactory, e5_file: E5File, study_words: list[str]) -> Path:
    """Two layers of the real encoder, with the sub-words of the study's texts."""
    folder = tmp_path_factory.mktemp("encoder")
    write_small_encoder(folder, e5_file, study_words)
    return folder


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory: pytest.TempPathFactory, small_encoder: Path) -> Path:
    """The small encoder with a manifest that vouches for it, as the stages take it."""
    folder = tmp_path_factory.mktemp("checkpoint") / "small"
    shutil.copytree(small_encoder, folder)
    write_manifest(folder, Manifest(weights_sha256=sha256_of(folder / WEIGHTS), model="small"))
    return folder


@pytest.fixture(scope="session")
def new_study(tmp_path_factory: pytest.TempPathFactory, small_encoder: Path) -> Study:
    """A copy of the workflow and of the study, which nothing has run in."""
    return build_study(tmp_path_factory.mktemp("study"), small_encoder)


@pytest.fixture(scope="session")
def finished_study(new_study: Study, tmp_path_factory: pytest.TempPathFactory) -> Study:
    """The study after a complete, undisturbed run. One worker makes it, each has a copy that its tests may change."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        new_study.run()
        return new_study
    shared = tmp_path_factory.getbasetemp().parent / "finished"
    with FileLock(f"{shared}.lock"):
        if not shared.exists():
            new_study.run()
            new_study.copy(shared)
            return new_study
    study = Study(shared / "project", shared / "study").copy(tmp_path_factory.mktemp("finished"))
    study.run()  # the report names the folder of its project
    return study


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One more than cores, since the tests with a cluster mostly wait."""
    return min(8, available_cores() + 1)


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep tests on one worker that share what is dear to make, and begin with the longest: clusters and whole runs."""
    for item in items:
        made = [made for known in item._fixtureinfo.name2fixturedefs.values() for made in known]  # type: ignore[attr-defined]
        if item.get_closest_marker("xdist_group") is None and any(fixture.scope == "module" for fixture in made):
            item.add_marker(pytest.mark.xdist_group(item.path.stem))
    items.sort(key=_precedence)


def _precedence(item: pytest.Item) -> tuple[bool, ...]:
    """Sorts what takes longest to the front: the cluster's group, then groups that run studies, then other runs."""
    group = item.get_closest_marker("xdist_group")
    runs = any("stud" in name for name in item.fixturenames)
    return group is None or group.args != ("slurm",), group is None or not runs, not runs


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Let a worker tell how many jobs went through SLURM."""
    if SUBMITTED in session.config.stash and hasattr(session.config, "workeroutput"):
        session.config.workeroutput["submitted"] = session.config.stash[SUBMITTED]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Hear it from the worker."""
    if "submitted" in getattr(node, "workeroutput", {}):
        node.config.stash[SUBMITTED] = node.workeroutput["submitted"]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """How much of the tests went through a real SLURM."""
    submitted = config.stash.get(SUBMITTED, None)
    terminalreporter.write_line(
        f"jobs that went through sbatch: {'none, no cluster ran' if submitted is None else submitted}"
    )
