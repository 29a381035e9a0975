"""A cluster with an accounting database that takes only jobs of a known account, asked in both ways how jobs are."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from cluster import NoCluster, cluster, completed, slurm, wait_for
from study import PROJECT, Study, environment

pytestmark = pytest.mark.xdist_group("slurm")  # there is one cluster on a machine
GUIDE = PROJECT / "docs/slurm.md"
ON_A_GPU, ON_A_CPU = "results/alignment/mine/pretrained/de.json", "results/links/dictionary/test/en-it.txt"


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """The cluster's folder; tests are skipped where it cannot run."""
    try:
        with cluster(accounting=True) as folder:
            yield folder
    except NoCluster as reason:
        pytest.skip(str(reason))


def documented_site(study: Study) -> Path:
    """The profile with the site that the guide shows, whose A100s are what this cluster has."""
    folder = study.project / "profiles/slurm"
    (example,) = re.findall(r"```yaml\n(.+?)```", GUIDE.read_text(encoding="utf-8"), flags=re.DOTALL)
    site = yaml.safe_load(example.replace("a100", "fake"))
    profile = yaml.safe_load((folder / "config.yaml").read_text(encoding="utf-8"))
    (folder / "config.yaml").write_text(yaml.safe_dump(profile | site), encoding="utf-8")
    return folder


def start(study: Study, status_command: str) -> "subprocess.Popen[str]":
    options = ["--profile", str(documented_site(study)), f"--slurm-status-command={status_command}"]
    options += ["--slurm-init-seconds-before-status-checks=1", "--seconds-between-status-checks=1", ON_A_GPU, ON_A_CPU]
    return subprocess.Popen(
        study.command(*options),
        cwd=study.folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_the_documented_site_runs_jobs_in_their_partitions_whatever_is_asked_for_their_status(
    home: Path, finished_study: Study, tmp_path: Path
) -> None:
    runs = {}
    for command in ("sacct", "squeue"):
        (tmp_path / command).mkdir()
        study = finished_study.copy(tmp_path / command)
        for path in (ON_A_GPU, ON_A_CPU):
            (study.folder / path).unlink()
        runs[command] = study, start(study, command)
    for study, process in runs.values():
        said, _ = process.communicate(timeout=240)
        assert process.returncode == 0, said[-4000:]
        for path in (ON_A_GPU, ON_A_CPU):
            assert (study.folder / path).read_bytes() == (finished_study.folder / path).read_bytes()
    asked = [slurm("scontrol", "show", "job", job["JobId"]) for job in completed(home)]
    assert len(asked) == 4 and all("Account=my-project" in job for job in asked)
    assert sorted(re.findall(r"Partition=(\S+)", "".join(asked))) == ["cpu", "cpu", "gpu", "gpu"]
    for job in asked:
        assert ("gres:gpu:fake:1" in job) == ("Partition=gpu" in job), job
    wait_for(lambda: noted("my-project") == ["COMPLETED"] * 4, "the database does not have the four jobs")


def noted(account: str) -> list[str]:
    """The states of an account's jobs in the database."""
    return slurm(
        "sacct", "--allusers", "--allocations", "--noheader", f"--accounts={account}", "--format=state"
    ).split()
