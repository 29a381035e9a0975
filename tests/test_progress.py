"""How far a run is: real runs of a small workflow under the run's own lock, and a whole study."""

import fcntl
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from threading import Timer

import pytest

from realign.jobs.locks import claim_folder, hold, is_held
from realign.jobs.progress import Job, Run, Tally, read_run, report, summary, table
from study import PROJECT, Study, environment

WORKFLOW = """
from pathlib import Path
from realign.jobs.locks import claim_folder
if workflow.is_main_process:
    claim_folder(Path(".snakemake/realign.lock"))
rule all:
    input: expand("late{n}.txt", n=range(3))
rule early:
    output: "early{n}.txt"
    shell: "touch {output}"
rule late:
    input: "early{n}.txt"
    output: "late{n}.txt"
    log: "late{n}.log"
    shell:
        "echo 'train:  40%|###    | 2/5 [00:04<00:06,  2.0s/step]' > {log}; until test -e go; do sleep 0.1; done;"
        " test ! -e bad{wildcards.n}; touch {output}"
"""
NOON = datetime(2026, 1, 31, 12)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "Snakefile").write_text(WORKFLOW)
    return tmp_path


def heed_interrupts() -> None:
    """Undo what a shell did that started the tests in its background, where nobody presses Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@contextmanager
def running(folder: Path, *options: str) -> Iterator[subprocess.Popen[bytes]]:
    """A run of the small workflow in which both jobs that fit wait for a file `go`."""
    process = subprocess.Popen(
        [sys.executable, "-m", "snakemake", "-j2", "--nolock", *options],
        cwd=folder,
        env=environment() | {"PYTHONPATH": str(PROJECT / "workflow")},
        start_new_session=True,
        preexec_fn=heed_interrupts,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + 60
        while len(list(folder.glob("late*.log"))) < 2 and time.monotonic() < deadline:
            time.sleep(0.1)
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def progress(folder: Path) -> str:
    """What a person sees who types the command in another terminal."""
    command = [str(PROJECT / "workflow/progress"), str(folder)]
    finished = subprocess.run(command, capture_output=True, text=True, check=True)
    assert finished.stderr == "" and "\x1b" not in finished.stdout and "\r" not in finished.stdout
    return finished.stdout


def row(text: str, name: str) -> list[str]:
    """The columns of a line of the table."""
    (line,) = re.findall(rf"^{name} .*$", text, flags=re.MULTILINE)
    return line.split()[1:]


@pytest.mark.parametrize("logger", [["--logger", "rich"], []])
def test_a_run_is_followed_from_beside_it_until_it_has_finished(folder: Path, logger: list[str]) -> None:
    with running(folder, *logger) as process:
        text = progress(folder)
        assert text.startswith("running since ")
        assert row(text, "late")[:3] == ["3", "0", "2"]
        total = row(text, "total")
        assert total[0] == "7" and int(total[1]) in (2, 3), "the third early job may be done or not"
        assert total[-2:] == ["+", "?"], "no late job has finished, so how long they take is not known"
        assert text.count("40% (2/5), 00:06 left") == 2
        assert read_only(folder)
        (folder / "go").touch()
        assert process.wait(60) == 0
    text = progress(folder)
    assert text.startswith("no run is active; the last one finished at ")
    assert row(text, "total") == ["7", "7"] and row(text, "late")[:2] == ["3", "3"]
    with running(folder) as process:
        assert process.wait(60) == 0
    assert progress(folder).startswith("no run is active; the last one had nothing to do at ")


def read_only(folder: Path) -> bool:
    """Asking changed nothing in the folder, and the run still holds its lock."""
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.suffix != ".log"}
    progress(folder)
    after = {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.suffix != ".log"}
    return before == after and is_held(folder / ".snakemake/realign.lock")


TELLING = """
from pathlib import Path
from realign.jobs import telling
telling.PRINTED_EVERY = telling.SHOWN_EVERY = 0.3
if workflow.is_main_process:
    telling.tell(Path.cwd(), "workflow/progress", workflow.logger_manager.plugin_handlers)
rule all:
    input: expand("{n}.txt", n=range(4))
rule one:
    output: "{n}.txt"
    shell: "sleep 0.5; touch {output}"
"""


@pytest.mark.parametrize(("terminal", "logger"), [(False, "rich"), (True, "rich"), (True, None)])
def test_a_run_tells_how_far_it_is_and_what_says_more(tmp_path: Path, terminal: bool, logger: str | None) -> None:
    (tmp_path / "Snakefile").write_text(TELLING)
    ours, theirs = os.openpty() if terminal else os.pipe()
    command = [sys.executable, "-m", "snakemake", "-j1", *(["--logger", logger] if logger else [])]
    variables = environment() | {"PYTHONPATH": str(PROJECT / "workflow"), "TERM": "xterm", "COLUMNS": "120"}
    process = subprocess.Popen(
        command, cwd=tmp_path, env=variables, stdout=theirs, stderr=theirs, stdin=subprocess.DEVNULL
    )
    os.close(theirs)
    said = b""
    with suppress(OSError):  # a terminal ends with an error
        while part := os.read(ours, 65536):
            said += part
    os.close(ours)
    assert process.wait(60) == 0
    text = said.decode("utf-8", errors="replace")
    told = re.findall(r"(\d) of 4 jobs done, \d running, about \d s left; workflow/progress says more", text)
    assert "2" in told and "3" in told
    lines = re.findall(r"^\d\d:\d\d \d of 4", text, flags=re.MULTILINE)
    assert bool(lines) == (not terminal or logger is None), "a line, or the title of the display"


def test_a_line_says_what_is_not_known_yet_and_what_failed() -> None:
    first = Job("a", NOON, NOON + timedelta(seconds=4))
    run = Run(NOON, NOON, "here", {"a": 3, "b": 1, "all": 1}, {1: first, 2: Job("a", NOON)})
    assert summary(run, NOON) == "1 of 4 jobs done, 1 running, over 8 s left"
    run.jobs[2].ended, run.jobs[2].failed = NOON, True
    assert summary(run, NOON) == "1 of 4 jobs done, 0 running, 1 failed, over 4 s left"
    run.jobs = {1: Job("a", NOON)}
    assert summary(run, NOON) == "0 of 4 jobs done, 1 running, time left not known yet"


def test_failed_jobs_are_named_with_their_logs(folder: Path) -> None:
    (folder / "bad1").touch()
    (folder / "go").touch()
    with running(folder, "--keep-going") as process:
        assert process.wait(60) == 1
    text = progress(folder)
    assert text.startswith("no run is active; the last one failed at ")
    assert row(text, "total") == ["7", "5", "1"]
    assert re.search(r"^failed:\n  late n=1: \d s, late1.log$", text, flags=re.MULTILINE)


def test_a_killed_run_is_distinguished_from_a_running_one(folder: Path) -> None:
    with running(folder):
        assert progress(folder).startswith("running since ")
    text = progress(folder)
    assert text.startswith("no run is active; the last one was killed after ")
    assert text.splitlines()[2].split()[3:5] == ["cut", "off"] and row(text, "late")[2] == "2"
    assert "time left" not in text


def test_a_stopped_run_is_distinguished_from_a_killed_one(folder: Path) -> None:
    with running(folder) as process:
        os.killpg(process.pid, signal.SIGINT)  # as Ctrl-C does
        process.wait(60)
    assert progress(folder).startswith("no run is active; the last one was stopped at ")
    with running(folder) as process:
        process.terminate()  # the running jobs may end
        (folder / "go").touch()
        process.wait(60)
    text = progress(folder)
    assert text.startswith("no run is active; the last one was stopped at ") and row(text, "all") == ["1", "0"]


def test_a_folder_in_which_nothing_ran_is_reported(tmp_path: Path) -> None:
    assert progress(tmp_path) == f"there has been no run in {tmp_path}\n"


def test_a_whole_study_is_counted(finished_study: Study) -> None:
    assert "\n".join(report(finished_study.folder, datetime.now())).startswith("no run is active; the last one ")


def test_jobs_of_groups_on_a_cluster_are_counted_one_by_one() -> None:
    """The log was recorded by the plugin cluster-generic: groups of an `a` and a `b`, of which one `b` failed."""
    lines = (Path(__file__).parent / "logs/groups.snakemake.log").read_text().splitlines(keepends=True)
    run = read_run(lines)
    assert run is not None and run.ending == "failed" and run.host == "login1"
    assert {rule: tally.numbers() for rule, tally in run.by_rule().items()} == {
        "a": [3, 2, "", 1],
        "b": [3, 2, "", 1],
        "c": [3, 2, "", 1],
        "last": [1, 0, "", ""],
        "all": [1, 0, "", ""],
    }
    assert [(job.rule, job.wildcards, job.log) for job in run.total().failed if job.rule == "b"] == [
        ("b", "n=1", "b1.log")
    ]
    at_first = read_run(lines[: lines.index("Finished jobid: 7 (Rule: a)\n")])
    assert at_first is not None and at_first.ending is None
    assert sorted(job.rule for job in at_first.total().running) == ["a", "b", "c"]


def test_time_left_is_the_mean_of_finished_jobs_times_what_is_left_by_jobs_at_once() -> None:
    done = [Job("score", NOON, NOON + timedelta(seconds=seconds)) for seconds in (10, 20, 30)]
    failed = Job("score", NOON, NOON + timedelta(seconds=1), failed=True)
    at_work = [Job("score", NOON + timedelta(seconds=start)) for start in (50, 95)]  # for 50 and 5 seconds
    now = NOON + timedelta(seconds=100)
    score = Tally(10, [*done, failed, *at_work])
    assert score.mean() == 20
    # 4 wait: 4 * 20; one at work has used up its mean, the other has 15 of its 20 seconds left
    assert score.work_left(now) == 95
    assert Tally(2, []).work_left(now) is None, "none has finished"
    assert Tally(3, done).work_left(now) == 0
    run = Run(NOON, NOON, "here", {"score": 10, "draw": 1, "all": 1}, dict(enumerate(score.jobs)))
    lines = [line.split() for line in table(run, now, going_on=True)]
    assert lines[1] == ["score", "10", "3", "2", "1", "20", "s", "48", "s"]  # 95 / 2
    assert lines[2] == ["draw", "1", "0", "?"] and lines[3] == ["all", "1", "0"]
    assert lines[4] == ["total", "12", "3", "2", "1", "48", "s", "+", "?"]


def test_asking_for_a_lock_leaves_it_to_others(tmp_path: Path) -> None:
    lock = tmp_path / "realign.lock"
    assert not is_held(lock) and not lock.exists()
    lock.touch()
    assert not is_held(lock) and hold(lock) and is_held(lock)


def test_a_run_that_starts_while_somebody_asks_for_the_lock_gets_it(tmp_path: Path) -> None:
    lock = tmp_path / "realign.lock"
    with open(lock, "w", encoding="utf-8") as asking:
        fcntl.flock(asking, fcntl.LOCK_SH)
        Timer(0.15, lambda: fcntl.flock(asking, fcntl.LOCK_UN)).start()
        assert not hold(lock)
        claim_folder(lock)
        assert is_held(lock)
