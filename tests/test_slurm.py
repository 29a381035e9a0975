"""The small study on a real SLURM of two nodes: whatever happens to its jobs, it ends as a local run does."""

import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread

import psutil
import pytest

from cluster import (
    SUBMITTED,
    NoCluster,
    cluster,
    completed,
    computing,
    lose_and_return,
    put_configuration_back,
    replace_configuration,
    slurm,
    wait_for,
)
from realign.jobs.signals import catches
from study import Study, environment, recipe

pytestmark = pytest.mark.xdist_group("slurm")  # there is one cluster on a machine

# The first try of a fine-tuning gets too little memory. Each gets the shortest time there is, for one is to hang and
# one to be slow. SLURM checks twice a minute whether it has to warn that time is nearly up, and does so half a minute
# early.
QUICK = [
    "--slurm-init-seconds-before-status-checks=1",
    "--seconds-between-status-checks=1",
    "--retries=4",
    "--default-resources",
    "slurm_extra=''",
    "--set-resources",
    "finetune:mem_mb=150 if attempt == 1 else 1500",
    "finetune:runtime=1",
    "finetune:slurm_extra='--signal=USR1@1' if wildcards.task == 'ner' else ''",
]
MEASURED = "results/alignment/mine/pretrained/de.json"
ON_A_GPU = ("realign", "finetune", "score", "measure")


@dataclass
class Watch:
    """A run of Snakemake under SLURM, and the rule or group of each of its jobs."""

    study: Study
    home: Path
    jobs: dict[str, str] = field(default_factory=dict)
    asked: dict[str, str] = field(default_factory=dict)
    done: set[str] = field(default_factory=set)
    hung: str = ""
    slow: str = ""
    slow_log: str = ""

    def start(self, *options: str) -> "subprocess.Popen[bytes]":
        profile = ["--profile", str(self.study.project / "profiles/slurm")]
        interruptible = ["env", "--default-signal=INT"]  # also where the tests run in the background of a shell
        with open(self.study.folder / "slurm-run.log", "ab") as log:
            return subprocess.Popen(
                [*interruptible, *self.study.command(*profile, *QUICK, *options)],
                cwd=self.study.folder,
                env=environment(),
                stdout=log,
                stderr=log,
            )

    def said(self) -> str:
        return (self.study.folder / "slurm-run.log").read_text(encoding="utf-8", errors="replace")

    def look(self) -> list[tuple[str, str, str, str]]:
        """Id, rule, state and node of the jobs in SLURM's queue."""
        seen = []
        for line in slurm("squeue", "--noheader", "--format=%i|%k|%T|%N").splitlines():
            job, comment, state, node = line.split("|")
            rule = re.sub(r"^rule_|_wildcards_.*", "", comment)
            if job not in self.jobs:
                self.asked[job] = slurm("scontrol", "show", "job", job)
            self.jobs[job] = rule
            seen.append((job, rule, state, node))
        return seen


@pytest.fixture(scope="module")
def home(pytestconfig: pytest.Config) -> Iterator[Path]:
    """The cluster's folder; tests are skipped where it cannot run."""
    try:
        with cluster() as folder:
            yield folder
            pytestconfig.stash[SUBMITTED] = len(completed(folder))
    except NoCluster as reason:
        pytest.skip(str(reason))


@pytest.mark.parametrize("own", [True, False])
def test_a_killed_cluster_leaves_nothing_that_stops_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, own: bool
) -> None:
    configuration, saved = tmp_path / "slurm", tmp_path / "slurm.saved"
    monkeypatch.setattr("cluster.CONFIGURATION", configuration)
    monkeypatch.setattr("cluster.SAVED", saved)
    if own:
        configuration.mkdir()
        (configuration / "own.conf").touch()
    for _ in range(2):  # the first is killed: it never puts anything back
        replace_configuration()
        assert not any(configuration.iterdir())
        (configuration / "slurm.conf").touch()
    put_configuration_back()
    assert [path.name for path in configuration.glob("*")] == (["own.conf"] if own else [])
    assert configuration.exists() == own and not saved.exists()


def disturb(watch: Watch, running: list[tuple[str, str, str, str]]) -> None:
    """Do each harm once, to the first job that it fits; the node is lost when the hung job is over."""
    ids = {job for job, *_ in running}
    for job, rule, state, node in running:
        if state != "RUNNING":
            continue
        if rule == "realign" and "cancelled" not in watch.done and computing(job):
            slurm("scancel", job)
            watch.done.add("cancelled")
        elif rule == "finetune" and job != watch.slow and enough_memory(job) and (process := computing(job)):
            if "_ner_" in watch.asked[job]:
                if not watch.slow:
                    watch.slow = job
                    Thread(target=slow_down, args=(watch, process), daemon=True).start()
            elif "hung" not in watch.done:
                process.suspend()
                watch.done.add("hung")
                watch.hung = job
        elif rule.startswith("score") and "node" not in watch.done and watch.hung not in ids and computing(job):
            watch.done.add("node")
            lose_and_return(node)


def slow_down(watch: Watch, process: psutil.Process) -> None:
    """Suspend a process in the middle of its training; SLURM resumes it to warn it that its time is nearly up."""
    try:
        while not catches(process.pid, signal.SIGUSR1) and process.is_running():
            time.sleep(0.005)
        process.suspend()
        watch.slow_log = next(file.path for file in process.open_files() if file.path.endswith(".log"))
        watch.done.add("slow")
    except psutil.Error:
        watch.slow = ""  # the training was faster; the next one


def enough_memory(job: str) -> bool:
    """Whether it is not the first try, which is to die of its memory."""
    found = re.search(r"\bmem=(\d+)", slurm("scontrol", "show", "job", job))
    return found is not None and int(found[1]) > 500


@pytest.fixture(scope="module")
def disturbed(home: Path, finished_study: Study, tmp_path_factory: pytest.TempPathFactory) -> Watch:
    """The study run through SLURM: a job cancelled, one hung, fine-tunings short of memory, and a node lost."""
    study = finished_study.copy(tmp_path_factory.mktemp("slurm"))
    for name in ("results", ".snakemake"):
        shutil.rmtree(study.folder / name)
    for name in ("score", "measure"):
        with open(study.project / f"workflow/scripts/{name}.py", "a", encoding="utf-8") as script:
            script.write('    print("forked:", "realign.jobs.digest" in __import__("sys").modules)\n')
    watch = Watch(study, home)
    process = watch.start()
    end = time.monotonic() + 900
    try:
        while process.poll() is None and time.monotonic() < end:
            disturb(watch, watch.look())
            time.sleep(0.3)
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(60)
    assert process.returncode == 0, watch.said()[-6000:]
    return watch


def test_a_disturbed_run_ends_with_the_tables_of_a_local_one(disturbed: Watch, finished_study: Study) -> None:
    assert disturbed.done == {"cancelled", "hung", "slow", "node"}
    assert disturbed.study.tables() == finished_study.tables()
    assert "Traceback" not in disturbed.said(), "of a try that was killed before it had a log"


def test_every_harm_reached_slurm_and_was_tried_again(disturbed: Watch) -> None:
    states = [job["JobState"] for job in completed(disturbed.home)]
    assert {"CANCELLED", "TIMEOUT", "NODE_FAIL"} <= set(states) and "COMPLETED" in states
    logs = (disturbed.study.folder / ".snakemake/slurm_logs").rglob("*.log")
    short = [log.parts[-3] for log in logs if "exceeded memory limit" in log.read_text(errors="replace")]
    assert set(short) == {"rule_finetune"}


def test_a_training_is_warned_before_its_time_is_up_and_its_next_try_continues(disturbed: Watch) -> None:
    assert "stopped by SIGUSR1 after step" in " ".join(disturbed.said().split())
    assert re.search(r"continuing after step \d", Path(disturbed.slow_log).read_text(encoding="utf-8"))


def test_only_jobs_that_compute_on_a_gpu_ask_for_one_and_none_of_the_login_node_is_submitted(disturbed: Watch) -> None:
    rules = set(disturbed.jobs.values())
    assert {"realign", "finetune"} <= rules
    assert not [rule for rule in rules if not rule.startswith((*ON_A_GPU, "preparation", "prepare_files_model"))]
    for job, rule in disturbed.jobs.items():
        assert ("gres:gpu" in disturbed.asked[job]) == rule.startswith(ON_A_GPU), disturbed.asked[job]


def test_short_jobs_are_submitted_together(disturbed: Watch) -> None:
    scores = len(list((disturbed.study.folder / "results/scores").rglob("*.json")))
    submitted = [rule for rule in disturbed.jobs.values() if rule.startswith("score")]
    assert scores == 12 and len(submitted) <= 5, "one for each of four checkpoints, and the one that was lost"


def test_members_of_a_group_share_a_warm_start(disturbed: Watch) -> None:
    logs = disturbed.study.folder / "results/logs"
    forked = [log for log in (logs / "scores").rglob("*.log") if "forked: True" in log.read_text(encoding="utf-8")]
    assert len(forked) >= 9, "all of the three groups that the lost node did not disturb"
    for log in (logs / f"alignment/mine/{recipe()}").rglob("*.log"):
        assert "forked: True" in log.read_text(encoding="utf-8"), log


def test_nothing_is_submitted_when_everything_is_done(disturbed: Watch) -> None:
    before = len(completed(disturbed.home))
    process = disturbed.start()
    assert process.wait(120) == 0
    assert "Nothing to be done" in disturbed.said().splitlines()[-1] or "Nothing to be done" in disturbed.said()[-2000:]
    assert len(completed(disturbed.home)) == before


def test_a_damaged_file_is_named_by_its_reader_and_made_again(disturbed: Watch, finished_study: Study) -> None:
    results = disturbed.study.folder / "results"
    damaged, score = results / "examples/pos/it/test.parquet", results / "scores/mine/baseline/pos/seed31/it.json"
    content = bytearray(damaged.read_bytes())
    content[len(content) // 2] ^= 1
    damaged.write_bytes(bytes(content))
    score.unlink()
    before = len(disturbed.said())
    assert disturbed.start("--retries=0").wait(180) != 0
    said = " ".join(disturbed.said()[before:].split())
    assert "results/examples/pos/it/test.parquet: damaged or changed since it was made; delete it" in said
    damaged.unlink()
    assert disturbed.start().wait(240) == 0
    assert disturbed.study.tables() == finished_study.tables()


def test_ctrl_c_cancels_the_jobs_and_a_next_run_continues(disturbed: Watch) -> None:
    shutil.rmtree(disturbed.study.folder / "results/alignment/mine/pretrained")
    process = disturbed.start("--", MEASURED)
    wait_for(lambda: any(computing(job) for job, *_ in disturbed.look()), "no job computes")
    process.send_signal(signal.SIGINT)
    assert process.wait(120) != 0
    wait_for(lambda: not disturbed.look(), "jobs are left in the queue")
    assert completed(disturbed.home)[-1]["JobState"] == "CANCELLED"
    disturbed.study.run(MEASURED)


def test_jobs_that_a_killed_run_has_left_are_named(disturbed: Watch) -> None:
    left = ["sbatch", "--parsable", "--comment=rule_score", f"--chdir={disturbed.study.folder}", "--output=/dev/null"]
    job = slurm(*left, "--wrap=sleep 300").strip()
    finished = disturbed.study.snakemake("-j1")
    slurm("scancel", job)
    output = " ".join((finished.stdout + finished.stderr).split())
    assert finished.returncode != 0 and "jobs of an earlier run in this folder are still in SLURM's queue" in output
    assert f"`scancel {job}`" in output
