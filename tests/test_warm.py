"""Jobs that are forked from a process with the imports: what they find, how they end, and what they leave behind."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from realign.jobs import forking
from realign.jobs.warm import SWITCH, script_of
from study import PLAIN, PROJECT, Study, environment, recipe

pytestmark = pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="jobs are forked on Linux alone")

# plays Snakemake: runs each script named on the standard input, warm or cold, and prints its number and its status
SNAKEMAKE = """
import json, os, subprocess, sys, types
sys.modules["snakemake.shell"] = types.SimpleNamespace(sp=subprocess)
from realign.jobs.warm import start_jobs_warm
start_jobs_warm(lambda: True)
sp = sys.modules["snakemake.shell"].sp
os.umask(0o027)
for line in sys.stdin:
    command = f"set -euo pipefail;  {sys.executable} {line.strip()} "
    process = sp.Popen(command, bufsize=-1, shell=True, executable="/bin/bash", stdout=None, close_fds=True,
                       universal_newlines=None, env={**os.environ, "OMP_NUM_THREADS": "1"})
    print(process.pid, flush=True)
    print(process.wait(), flush=True)
"""
JOB = """import json, os, signal, sys, time
from realign.jobs.job import job
with job("{name}.log"):
    {body}
"""
SURROUNDINGS = """
    import gc, resource
    status = dict(line.split(":\\t") for line in open("/proc/self/status"))
    files = {name: os.readlink(f"/proc/self/fd/{name}") for name in "012"}
    descriptors = [name for name in os.listdir("/proc/self/fd")  # of which libffi keeps one with ctypes
                   if "libffi" not in os.path.realpath(f"/proc/self/fd/{name}")]
    print(json.dumps({
        "environment": dict(os.environ), "folder": os.getcwd(), "umask": status["Umask"], "arguments": sys.argv,
        "command": open("/proc/self/cmdline").read().strip("\\0").split("\\0"), "path": sys.path, "files": files,
        "open": len(descriptors), "parent": os.getppid(), "group": os.getpgrp(),
        "handlers": {number: str(signal.getsignal(number)) for number in (2, 10, 13, 15, 17)},
        "masks": [status[name] for name in ("SigBlk", "SigIgn", "SigCgt", "Threads")], "name": __name__,
        "limits": [resource.getrlimit(kind) for kind in range(16)], "nice": os.nice(0), "session": os.getsid(0),
        "affinity": len(os.sched_getaffinity(0)),
        "main": sys.modules["__main__"].__file__, "streams": [sys.stdout.fileno(), sys.stderr.fileno()],
    }))"""


class Player:
    """A process that starts jobs as Snakemake does."""

    def __init__(self, folder: Path, *, warm: bool) -> None:
        self.folder = folder
        paths = f"{PROJECT / 'workflow'}{os.pathsep}{folder}"
        variables = {"PYTHONPATH": paths, SWITCH: "yes" if warm else "no"}
        signal.signal(signal.SIGINT, signal.default_int_handler)  # where the tests run in the background, it is ignored
        self.process = subprocess.Popen(
            [sys.executable, "-c", SNAKEMAKE], cwd=folder, env=environment() | variables, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
        )  # fmt: skip

    def start(self, body: str, name: str = "job") -> int:
        """The number of the process of a job with this body."""
        script = self.folder / f"tmp{len(list(self.folder.iterdir()))}.{name}.py"
        script.write_text(JOB.format(name=name, body=body))
        assert self.process.stdin and self.process.stdout
        print(script.relative_to(self.folder), file=self.process.stdin, flush=True)
        return int(self.process.stdout.readline())

    def status(self) -> int:
        """The exit status of the last job."""
        assert self.process.stdout
        return int(self.process.stdout.readline())

    def log(self, name: str = "job") -> str:
        return (self.folder / f"{name}.log").read_text()

    def server(self) -> psutil.Process:
        """The process that imports and forks."""
        (server,) = (one for one in psutil.Process(self.process.pid).children() if forking.__name__ in one.cmdline())
        return server

    def end(self) -> str:
        """End as Snakemake does, and return what was said on the terminal."""
        return self.process.communicate(timeout=60)[1]


@pytest.fixture
def warm(tmp_path: Path) -> Player:
    (tmp_path / "warm").mkdir()
    return Player(tmp_path / "warm", warm=True)


def says(player: Player, body: str, name: str = "job") -> str:
    """What a job with this body writes into its log."""
    player.start(body, name)
    assert player.status() == 0
    return player.log(name)


def wait_for(player: Player, text: str, name: str = "job") -> None:
    while text not in (player.log(name) if (player.folder / f"{name}.log").exists() else ""):
        time.sleep(0.01)


def is_warm(player: Player, name: str) -> bool:
    return says(player, "print('realign.jobs.digest' in sys.modules)", name) == "True\n"


def test_a_job_finds_what_it_would_find_in_a_process_of_its_own(tmp_path: Path) -> None:
    found = []
    for warm in (True, False):
        folder = tmp_path / "folder"
        folder.mkdir()
        player = Player(folder, warm=warm)
        found.append(json.loads([says(player, SURROUNDINGS.strip(), name) for name in ("first", "second")][-1]))
        assert found[-1].pop("parent") == player.process.pid
        assert found[-1].pop("group") == found[-1].pop("session") == player.process.pid
        found[-1]["open"] -= warm  # the socket on which it tells what it has imported
        assert is_warm(player, "third") is warm
        assert found[-1]["environment"].pop(SWITCH)
        player.end()
        folder.rename(tmp_path / str(warm))
    assert found[0] == found[1]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("pass", 0),
        ("sys.exit(3)", 3),
        ("raise ValueError('wrong')", 1),
        ("from realign.errors import InputError; raise InputError('line 3: wrong')", 1),
        ("raise KeyboardInterrupt", 130),
        ("os.kill(os.getpid(), signal.SIGKILL)", -signal.SIGKILL),
        ("os.abort()", -signal.SIGABRT),
    ],
)
def test_a_job_ends_as_in_a_process_of_its_own(tmp_path: Path, body: str, status: int) -> None:
    ends = []
    for warm in (True, False):
        folder = tmp_path / str(warm)
        folder.mkdir()
        player = Player(folder, warm=warm)
        player.start(body)
        ended, said = player.status(), player.end()
        ends.append((ended, said, [line for line in player.log().splitlines() if not line.startswith("  ")]))
    assert ends[0] == ends[1] and ends[0][0] == status


def test_a_job_finds_what_earlier_ones_have_imported_after_it(warm: Player) -> None:
    loaded = "print('colorsys' in sys.modules); __import__('importlib').import_module('colorsys')"
    assert [says(warm, loaded, name) for name in ("one", "two")] == ["False\n", "True\n"]


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, -signal.SIGTERM), (signal.SIGINT, 130)])
def test_a_signal_to_all_processes_ends_the_job_and_leaves_the_server(
    warm: Player, number: signal.Signals, status: int
) -> None:
    assert is_warm(warm, "first")
    job = psutil.Process(warm.start("print('started', flush=True); time.sleep(60)"))
    wait_for(warm, "started")
    for process in (warm.server(), job):
        process.send_signal(number)
    assert warm.status() == status
    assert is_warm(warm, "second")


def test_the_warning_before_a_time_limit_reaches_a_job_that_listens(warm: Player) -> None:
    body = "signal.signal(signal.SIGUSR1, lambda *_: os._exit(7)); print('listens', flush=True); time.sleep(60)"
    job = psutil.Process(warm.start(body))
    wait_for(warm, "listens")
    warm.server().send_signal(signal.SIGUSR1)
    job.send_signal(signal.SIGUSR1)
    assert warm.status() == 7


def test_nothing_is_left_when_snakemake_is_killed_and_a_training_saves_its_state(warm: Player) -> None:
    save = "signal.signal(signal.SIGTERM, lambda *_: (print('saved', flush=True), os._exit(0)))"
    job = psutil.Process(warm.start(f"{save}; print('started', flush=True); time.sleep(60)"))
    wait_for(warm, "started")
    left = [job, warm.server()]
    warm.process.kill()
    assert psutil.wait_procs(left, timeout=10)[1] == []
    assert "saved" in warm.log()


def test_a_job_that_ignores_the_end_of_snakemake_is_killed(warm: Player) -> None:
    job = psutil.Process(
        warm.start("signal.signal(signal.SIGTERM, signal.SIG_IGN); print('started', flush=True); time.sleep(60)")
    )
    wait_for(warm, "started")
    left = [job, warm.server()]
    warm.process.kill()
    assert psutil.wait_procs(left, timeout=forking.PATIENCE + 5)[1] == []


def test_jobs_start_by_themselves_once_the_server_is_gone(warm: Player) -> None:
    assert is_warm(warm, "first")
    job = psutil.Process(warm.start("print('started', flush=True); time.sleep(1); print('ended')"))
    wait_for(warm, "started")
    warm.server().kill()
    assert warm.status() == 0 and "ended" in warm.log()
    assert not is_warm(warm, "second")
    assert not job.is_running()


def test_no_job_is_forked_from_a_process_that_has_a_second_thread(warm: Player) -> None:
    thread = "import threading, time\nthreading.Thread(target=time.sleep, args=(60,), daemon=True).start()\n"
    (warm.folder / "threaded.py").write_text(thread)
    assert is_warm(warm, "first")
    assert says(warm, "import threaded; print('alone')", "second") == "alone\n"
    assert not is_warm(warm, "third")


def test_no_process_that_has_used_a_gpu_is_forked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forking, "DEVICES", (str(tmp_path / "nvidia"),))
    monkeypatch.setattr(forking, "threads", lambda: 1)  # of the tests' own process, which has more
    assert forking.may_fork()
    with open(tmp_path / "nvidia0", "w", encoding="ascii"):
        assert not forking.may_fork()
    assert forking.may_fork()


def test_each_job_claims_a_gpu_and_frees_it_at_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REALIGN_GPUS", "GPU-a,GPU-b")
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    claim = "from realign.jobs.gpus import claim_device; claim_device(); print(os.environ['CUDA_VISIBLE_DEVICES'])"
    player = Player(tmp_path, warm=True)
    assert [says(player, claim, name) for name in ("one", "two")] == ["computing on GPU GPU-a\nGPU-a\n"] * 2


def test_only_plain_jobs_of_this_project_are_forked(tmp_path: Path) -> None:
    job, other, online = (tmp_path / f"{name}.py" for name in ("job", "other", "online"))
    job.write_text("import os\nfrom realign.jobs.job import job\nwith job('log'):\n    pass\n")
    other.write_text("print('a script of a workflow that uses this one')\n")
    online.write_text("import os\nfrom realign.jobs.job import job\nwith job('log', online=True):\n    pass\n")
    prefix = f"set -euo pipefail;  {sys.executable}"
    assert script_of(f"{prefix} {job}") == str(job)
    assert script_of(f"{prefix} {other}") is None
    assert script_of(f"{prefix} {online}") is None
    assert script_of(f"set -euo pipefail;  /usr/bin/env python {job}") is None
    assert script_of(f"source activate x; {prefix} {job}") is None
    assert script_of("set -euo pipefail;  snakemake --report 'out") is None


def test_members_of_a_group_share_imports_and_a_single_job_of_a_cluster_has_its_own(
    finished_study: Study, tmp_path: Path
) -> None:
    study = finished_study.copy(tmp_path)
    script = study.project / "workflow/scripts/measure.py"
    script.write_text(script.read_text() + '    print("shared:", "realign.jobs.digest" in __import__("sys").modules)\n')
    jobs = [f"measure_pretrained:model=mine,lang={language}" for language in ("de", "it")]
    on_a_node = [*PLAIN, "--nolock", "--mode", "remote", "--force", "-j1", "--allowed-rules", "measure_pretrained"]
    for targets in (jobs, jobs[:1]):
        finished = study.snakemake(*on_a_node, "--target-jobs", *targets)
        assert finished.returncode == 0, finished.stdout + finished.stderr
        log = study.folder / "results/logs/alignment/mine/pretrained/de.log"
        assert f"shared: {len(targets) > 1}" in log.read_text()


def made(study: Study) -> dict[str, bytes]:
    """The bytes of all results but those that tell of times or process numbers."""
    results = study.folder / "results"
    named = {str(path.relative_to(results)): path for path in results.rglob("*") if path.is_file()}
    varying = re.compile(r"(^|/)((\.sums/)?(logs|benchmarks)/|timeline\.|run\.json|report\.html|.*\.tmp/)")
    return {name: path.read_bytes() for name, path in named.items() if not varying.search(name)}


def test_without_a_warm_start_a_study_has_the_same_bytes(
    finished_study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = made(finished_study)
    analysed = finished_study.copy(tmp_path)
    tables = {name for name in expected if Path(name).parts[0] in ("tables", "figures") or name.endswith(".csv")}
    tables = {name for name in tables if not name.startswith((".sums", "realigned", "finetuned"))}
    for name in tables:
        (analysed.folder / "results" / name).unlink()
    computed = finished_study.fresh(tmp_path / "computed")
    monkeypatch.setenv(SWITCH, "no")
    analysed.run(*(f"results/{name}" for name in tables))
    computed.run(
        f"results/alignment/mine/{recipe()}/seed31/de.json",
        "results/scores/mine/before-dictionary/pos/seed31/de.json",
    )
    assert len(tables) > 15 and made(analysed) == expected
    assert made(computed).items() <= expected.items()
