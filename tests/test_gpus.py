"""Who computes on which GPU: each job on one of its own, and none is left taken. The devices are made up."""

import itertools
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest

from study import PROJECT, Study, environment

A, B, C = "GPU-aaaa1111-0000", "GPU-bbbb2222-0000", "GPU-cccc3333-0000"

CLAIM = """
import os, sys
from realign.jobs.gpus import claim_device
claim_device(poll=0.05)
assert "torch" not in sys.modules
print("sees", os.environ.get("CUDA_VISIBLE_DEVICES"), flush=True)
sys.stdin.read()
"""

SNAKEFILE = """
rule all:
    input: expand("{number}.txt", number=range(6))

rule compute:
    output: "{number}.txt"
    log: "{number}.log"
    threads: 2
    resources: gpu=1
    script: "compute.py"
"""

COMPUTE = """
from realign.jobs.gpus import claim_device
from realign.jobs.job import job

with job(snakemake.log[0], snakemake.threads):
    claim_device()
    import os
    import time

    start = time.monotonic()
    time.sleep(0.5)
    with open(snakemake.output[0], "w") as out:
        print(os.environ["CUDA_VISIBLE_DEVICES"], start, time.monotonic(), os.environ["OMP_NUM_THREADS"], file=out)
"""


def variables(temporary: Path, **changes: str) -> dict[str, str]:
    """The environment of a process whose locks are in a folder of this test's."""
    kept = {
        name: value for name, value in environment().items() if not name.startswith(("CUDA_", "SLURM_", "REALIGN_"))
    }
    return {**kept, "PYTHONPATH": str(PROJECT / "workflow"), "TMPDIR": str(temporary), **changes}


@contextmanager
def claiming(temporary: Path, **changes: str) -> Iterator[subprocess.Popen[str]]:
    """A process that claims a device, says what it sees, and keeps it."""
    process = subprocess.Popen(
        [sys.executable, "-c", CLAIM],
        env=variables(temporary, **changes),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def line_of(process: subprocess.Popen[str]) -> str:
    return said(process.stdout)


def said(stream: IO[str] | None) -> str:
    assert stream is not None
    return stream.readline().strip()


def seen(temporary: Path, **changes: str) -> str:
    """What a process alone sees after its claim."""
    finished = subprocess.run(
        [sys.executable, "-c", CLAIM],
        env=variables(temporary, **changes),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return finished.stdout.splitlines()[-1].removeprefix("sees ")


def test_four_jobs_get_four_devices_and_a_fifth_waits_until_one_is_killed(tmp_path: Path) -> None:
    with (
        claiming(tmp_path, REALIGN_GPUS="0,1,2,3") as first,
        claiming(tmp_path, REALIGN_GPUS="0,1,2,3") as second,
        claiming(tmp_path, REALIGN_GPUS="0,1,2,3") as third,
        claiming(tmp_path, REALIGN_GPUS="0,1,2,3") as fourth,
    ):
        holders = {}
        for process in (first, second, third, fourth):
            assert line_of(process).startswith("computing on GPU ")
            holders[line_of(process).removeprefix("sees ")] = process
        assert sorted(holders) == ["0", "1", "2", "3"]
        with claiming(tmp_path, REALIGN_GPUS="0,1,2,3") as fifth:
            assert line_of(fifth) == "waiting for a free GPU: other jobs compute on 0, 1, 2, 3"
            time.sleep(0.3)
            assert fifth.poll() is None
            holders["2"].send_signal(signal.SIGKILL)
            assert [line_of(fifth), line_of(fifth)] == ["computing on GPU 2", "sees 2"]


def test_jobs_share_a_device_only_when_allowed_and_when_each_has_one(tmp_path: Path) -> None:
    allowed = {"REALIGN_GPUS": "0,1", "REALIGN_JOBS_PER_GPU": "2"}
    with claiming(tmp_path, **allowed) as first, claiming(tmp_path, **allowed) as second:
        assert {line_of(first), line_of(second)} == {"computing on GPU 0", "computing on GPU 1"}
        with claiming(tmp_path, **allowed) as third, claiming(tmp_path, **allowed) as fourth:
            assert {line_of(third), line_of(fourth)} == {"computing on GPU 0", "computing on GPU 1"}
            with claiming(tmp_path, **allowed) as fifth:
                assert line_of(fifth).startswith("waiting for a free GPU")


@pytest.mark.parametrize(
    ("inherited", "entry"),
    [("1", "1"), ("2,0", "2"), (B, B), ("GPU-cccc", "GPU-cccc"), ("1,nonsense,0", "1")],
)
def test_only_inherited_devices_are_candidates(tmp_path: Path, inherited: str, entry: str) -> None:
    assert seen(tmp_path, REALIGN_GPUS=f"{A},{B},{C}", CUDA_VISIBLE_DEVICES=inherited) == entry


@pytest.mark.parametrize("inherited", ["", "-1", "7"])
def test_no_inherited_device_means_none(tmp_path: Path, inherited: str) -> None:
    assert seen(tmp_path, REALIGN_GPUS=f"{A},{B}", CUDA_VISIBLE_DEVICES=inherited) == inherited
    assert list(tmp_path.iterdir()) == []


def test_index_and_uuid_mean_the_same_device(tmp_path: Path) -> None:
    with claiming(tmp_path, REALIGN_GPUS=f"{A},{B}", CUDA_VISIBLE_DEVICES="1") as first:
        assert line_of(first) == f"computing on GPU {B}"
        assert seen(tmp_path, REALIGN_GPUS=f"{A},{B}", CUDA_VISIBLE_DEVICES=f"{B},{A}") == A
        assert seen(tmp_path, REALIGN_GPUS=f"{A},{B}") == A


def test_without_devices_nothing_happens(tmp_path: Path) -> None:
    assert seen(tmp_path, REALIGN_GPUS="") == "None"
    assert seen(tmp_path, REALIGN_GPUS="", CUDA_VISIBLE_DEVICES="0") == "0"
    assert list(tmp_path.iterdir()) == []


def test_slurm_jobs_take_the_one_device_that_they_were_given(tmp_path: Path) -> None:
    """Under cgroups each SLURM job's device has index 0, so a lock would make jobs wait for one another."""
    given = {"REALIGN_GPUS": "0", "CUDA_VISIBLE_DEVICES": "0", "SLURM_JOB_ID": "17"}
    with claiming(tmp_path, **given) as first:
        assert line_of(first) == "sees 0"
        assert seen(tmp_path, **given) == "0"


@pytest.mark.parametrize(
    ("listing", "devices"),
    [
        (["GPU 0: NVIDIA H100 (UUID: GPU-aa-1)", "GPU 1: NVIDIA H100 (UUID: GPU-bb-2)"], "GPU-aa-1"),
        (["GPU 0: A100 (UUID: GPU-aa-1)", "  MIG 1g.5gb Device 0: (UUID: MIG-cc-3)"], "MIG-cc-3"),
    ],
)
def test_nvidia_smi_lists_the_devices(tmp_path: Path, listing: list[str], devices: str) -> None:
    tool = tmp_path / "bin" / "nvidia-smi"
    tool.parent.mkdir()
    tool.write_text("#!/bin/sh\n" + "".join(f"echo '{line}'\n" for line in listing), encoding="utf-8")
    tool.chmod(0o755)
    assert seen(tmp_path, PATH=f"{tool.parent}:{os.environ['PATH']}") == devices
    tool.write_text("#!/bin/sh\necho 'no devices were found (UUID: x)'\nexit 9\n", encoding="utf-8")
    assert seen(tmp_path, PATH=f"{tool.parent}:{os.environ['PATH']}") == "None"


def test_a_senseless_number_of_jobs_per_device_is_reported(tmp_path: Path) -> None:
    imports = "from realign.jobs.gpus import claim_device\nfrom realign.jobs.job import job\n"
    code = f"{imports}with job('job.log'):\n    claim_device()\n"
    changes = {"REALIGN_GPUS": "0", "REALIGN_JOBS_PER_GPU": "two"}
    finished = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=variables(tmp_path, **changes), capture_output=True, text=True
    )
    assert finished.returncode == 1
    assert finished.stderr == "error: REALIGN_JOBS_PER_GPU must be a whole number, at least 1, but is 'two'\n"


@pytest.mark.parametrize("resources", [["--resources", "gpu=2"], []], ids=["counted", "uncounted"])
def test_jobs_of_a_run_never_meet_on_a_device(tmp_path: Path, resources: list[str]) -> None:
    """Counted by Snakemake no job waits; uncounted, jobs wait for one another."""
    (tmp_path / "Snakefile").write_text(SNAKEFILE, encoding="utf-8")
    (tmp_path / "compute.py").write_text(COMPUTE, encoding="utf-8")
    finished = subprocess.run(
        [sys.executable, "-m", "snakemake", "-j8", *resources],
        cwd=tmp_path,
        env=variables(tmp_path, REALIGN_GPUS="0,1"),
        capture_output=True,
        text=True,
    )
    assert finished.returncode == 0, finished.stderr
    jobs = [path.read_text(encoding="utf-8").split() for path in sorted(tmp_path.glob("?.txt"))]
    assert len(jobs) == 6
    assert {threads for *_, threads in jobs} == {"2"}
    times: dict[str, list[tuple[float, float]]] = {}
    for device, start, end, _ in jobs:
        times.setdefault(device, []).append((float(start), float(end)))
    assert sorted(times) == ["0", "1"]
    for on_device in times.values():
        for (_, end), (start, _) in itertools.pairwise(sorted(on_device)):
            assert end <= start
    waited = any("waiting" in path.read_text(encoding="utf-8") for path in tmp_path.glob("?.log"))
    assert waited == (not resources)


@pytest.mark.parametrize(
    ("changes", "options", "asked"),
    [
        ({"REALIGN_GPUS": ""}, [], False),
        ({"REALIGN_GPUS": "0,1"}, [], True),
        ({"REALIGN_GPUS": "0,1", "CUDA_VISIBLE_DEVICES": ""}, [], False),
        ({"REALIGN_GPUS": ""}, ["--resources", "gpu=16"], True),
    ],
    ids=["no device", "two devices", "none visible", "counted by the user"],
)
def test_rules_ask_for_a_gpu_only_where_there_are_some(
    new_study: Study, tmp_path: Path, changes: dict[str, str], options: list[str], asked: bool
) -> None:
    command = new_study.command("--workflow-profile", "none", "--nolock", "-n", "--forceall", *options)
    finished = subprocess.run(
        command, cwd=new_study.folder, env=variables(tmp_path, **changes), capture_output=True, text=True
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
    asking, rule = set(), ""
    for line in (finished.stdout + finished.stderr).splitlines():
        if line.startswith(("rule ", "localrule ")):
            rule = line.split()[1].rstrip(":")
        elif line.startswith("    resources:") and "gpu=1" in line:
            asking.add(rule)
    stages = {"realign", "finetune", "score", "measure_pretrained", "measure_realigned"}
    assert asking == (stages if asked else set())
