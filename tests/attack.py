"""Attack a small study: kill its run, cut, flip and delete its files, then run again and compare every byte.

    python tests/attack.py --trials 100 --seed 1
    python tests/attack.py --trials 1 --seed 1 --first 34           trial 34 alone
    python tests/attack.py --trials 20 --seed 1 --cluster           on a real SLURM of two nodes

A trial follows from the seed and its number, except for the timing of the machine. It starts from a finished,
undisturbed run. What was disturbed is run again, and must end in one of three ways:

- *healed*: the run ends well and every file that is there has the bytes of the undisturbed run (Snakemake makes a
  missing file only when something needs it);
- *reported*: the run ends with one sentence, or `workflow/verify` names the file; after what is named is deleted (or
  cancelled, if jobs are left on the cluster), a further run heals it;
- anything else is a defect: differing bytes, damage accepted in silence, a traceback, a run that hangs.
"""

import argparse
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow"))

from cluster import cluster, computing, lose_and_return, slurm, wait_for
from realign.encoders.e5 import packaged_file, read_e5
from study import Study, build_study, environment, words_of_the_study, write_small_encoder

IGNORED = ("logs", "benchmarks", ".sums")
CHECKPOINTS = ("models", "realigned", "finetuned")
UNEQUAL = ("run.json", "report.html", "timeline.svg", "timeline.pdf")
"""Files that tell of one run, and differ from run to run."""
LIMIT = 600
"""Seconds after which a run counts as stuck."""
ON_THE_CLUSTER = [
    "--slurm-init-seconds-before-status-checks=1", "--seconds-between-status-checks=1", "--retries=3",
    "--default-resources", "slurm_extra=''",
]  # fmt: skip
"""Options with which a run notices within seconds what became of its jobs."""


def contents(results: Path) -> dict[str, bytes]:
    """The bytes of every file that must be the same in every run; without a manifest, a checkpoint does not count."""
    files = {
        path.relative_to(results): path
        for path in results.rglob("*")
        if path.is_file() and path.relative_to(results).parts[0] not in IGNORED and path.name not in UNEQUAL
    }
    return {
        str(name): path.read_bytes()
        for name, path in files.items()
        if name.parts[0] not in CHECKPOINTS or path.with_name("manifest.json").exists()
    }


@dataclass
class Target:
    """The study under attack, and its pristine copy to start each trial from."""

    study: Study
    pristine: Path
    expected: dict[str, bytes]
    on_cluster: bool = False

    @property
    def command(self) -> list[str]:
        """The command that runs the study."""
        profile = ["--profile", str(self.study.project / "profiles/slurm"), *ON_THE_CLUSTER]
        return self.study.command(*(profile if self.on_cluster else ["-j2"]))

    @property
    def results(self) -> Path:
        """Its results."""
        return self.study.folder / "results"

    def reset(self) -> None:
        """Results, Snakemake's records and times as after the undisturbed run."""
        if self.on_cluster:
            cancel()
        for name in ("results", ".snakemake"):
            shutil.rmtree(self.study.folder / name, ignore_errors=True)
            shutil.copytree(self.pristine / name, self.study.folder / name)

    def run(self) -> "tuple[int, str]":
        """Run again: exit status and what is printed."""
        finished = subprocess.run(
            self.command, cwd=self.study.folder, env=environment(),
            capture_output=True, text=True, timeout=LIMIT, check=False,
        )  # fmt: skip
        return finished.returncode, finished.stdout + finished.stderr

    def verify(self) -> list[Path]:
        """What `workflow/verify` says is to be deleted."""
        command = [sys.executable, str(self.study.project / "workflow/verify")]
        finished = subprocess.run(
            command, cwd=self.study.folder, env=environment(), capture_output=True, text=True, check=False
        )
        return [self.study.folder / line for line in re.findall(r"; delete (.+)$", finished.stdout, re.MULTILINE)]


def kill(target: Target, rng: random.Random) -> str:
    """Kill a run, one of its jobs, or Snakemake alone, at a random moment of a run that has something to do.

    On the cluster, a run killed leaves its jobs in the queue; there a job may also be cancelled, or its node be lost.
    """
    parts = ["models", "realigned", "finetuned", "bitext", "links", "examples"]
    lost = rng.sample(parts, rng.randint(1, 4))
    for part in ["scores", "alignment", "tables", "figures", *lost]:  # Snakemake makes only what a later file needs
        shutil.rmtree(target.results / part)
    for summary in target.results.glob("*.csv"):
        summary.unlink()
    process = subprocess.Popen(
        target.command, cwd=target.study.folder, env=environment(), start_new_session=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    kill_one = kill_on_the_cluster if target.on_cluster else kill_here
    try:
        if rng.random() < 0.8:  # else perhaps while Snakemake plans its jobs
            end = time.monotonic() + LIMIT
            while not running(process.pid, target.on_cluster) and process.poll() is None and time.monotonic() < end:
                time.sleep(0.2)
        time.sleep(rng.uniform(0, 20 if target.on_cluster else 12))
        killed = "nothing (the run had ended)" if process.poll() is not None else kill_one(process, rng)
        process.wait(LIMIT)
    finally:
        process.kill()
    return f"killed {killed} without {' '.join(sorted(lost))}"


def running(snakemake: int, on_cluster: bool) -> list[psutil.Process]:
    """The processes that compute for a run."""
    if on_cluster:
        found = [computing(job) for job in slurm("squeue", "--noheader", "--states=R", "--format=%i").split()]
        return [process for process in found if process]
    with suppress(psutil.NoSuchProcess):
        below = psutil.Process(snakemake).children(recursive=True)
        return [one for one in below if ".snakemake/scripts" in " ".join(_command(one))]
    return []


def kill_here(process: "subprocess.Popen[bytes]", rng: random.Random) -> str:
    """Kill a local run, one of its jobs or Snakemake alone; says which."""
    victim = rng.choice(["all", "job", "snakemake"])
    jobs = running(process.pid, on_cluster=False)
    if victim == "job" and jobs:
        rng.choice(jobs).kill()
        return "a job"
    if victim == "snakemake":
        process.kill()
        return "snakemake"
    with suppress(psutil.NoSuchProcess):
        family = psutil.Process(process.pid)
        for one in [family, *family.children(recursive=True)]:
            with suppress(psutil.Error):
                one.kill()
    return "all"


def kill_on_the_cluster(process: "subprocess.Popen[bytes]", rng: random.Random) -> str:
    """Kill the Snakemake that submits, or a job's process, cancel a job, or lose its node; says which."""
    victim = rng.choice(["snakemake", "job", "scancel", "node"])
    listed = [line.split() for line in slurm("squeue", "--noheader", "--states=R", "--format=%i %N").splitlines()]
    if victim == "snakemake" or not listed:
        process.kill()
        return "snakemake"
    job, node = rng.choice(listed)
    if victim == "node":
        lose_and_return(node)
        return "a node"
    if victim == "job" and (computes := computing(job)):
        with suppress(psutil.NoSuchProcess):
            computes.kill()
        return "a job"
    slurm("scancel", job)
    return "a job by scancel"


def cancel(*jobs: str) -> None:
    """Cancel these jobs, or all, and wait until they are gone."""
    subprocess.run(["scancel", *(jobs or ["--user=root"])], capture_output=True, timeout=60, check=False)
    wait_for(lambda: not slurm("squeue", "--noheader"), "jobs are left in the queue")


def _command(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def any_file(target: Target, rng: random.Random) -> Path:
    """A random file among the results, but the logs and the records of times."""
    return target.results / rng.choice(sorted(target.expected))


def cut(target: Target, rng: random.Random) -> str:
    """Cut a file at a random place."""
    path = any_file(target, rng)
    content = path.read_bytes()
    path.write_bytes(content[: rng.randrange(max(1, len(content)))])
    return f"cut {path.relative_to(target.results)}"


def flip(target: Target, rng: random.Random) -> str:
    """Flip one bit of a file."""
    path = any_file(target, rng)
    content = bytearray(path.read_bytes())
    content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
    path.write_bytes(bytes(content))
    return f"flipped {path.relative_to(target.results)}"


def delete(target: Target, rng: random.Random) -> str:
    """Delete a file."""
    path = any_file(target, rng)
    path.unlink()
    return f"deleted {path.relative_to(target.results)}"


HARMS = {"kill": kill, "cut": cut, "flip": flip, "delete": delete}


def outcome(target: Target) -> str:
    """Run until it is healed: `healed`, `reported`, or what is wrong."""
    reported = False
    for _ in range(6):
        try:
            status, said = target.run()
        except subprocess.TimeoutExpired:
            return "STUCK"
        if "Traceback" in said or "a defect" in said:
            return f"TRACEBACK: {said[-1500:]}"
        if status == 0 and contents(target.results) == target.expected:
            return "reported" if reported else "healed"
        if left := re.search(r"`scancel ([\d ]+)`", " ".join(said.split())):
            cancel(*left[1].split())
            reported = True
            continue
        named = target.verify()
        if not named and status == 0:
            found = contents(target.results)
            wrong = [name for name in found if found[name] != target.expected.get(name)]
            if wrong:
                return f"SILENT: {wrong[:5]}"
            return "reported" if reported else "healed"  # what is missing is made when something needs it
        if not named and not reported_by(said):
            return f"UNCLEAR: {said[-1500:]}"
        reported = True
        for path in named or reported_by(said):
            (target.study.folder / path).unlink(missing_ok=True)
    return "NOT HEALED"


def reported_by(said: str) -> list[Path]:
    """The files that a run says should be deleted."""
    flat = " ".join(said.split())
    found = re.findall(r"(results/\S+?): (?:damaged|corrupted|missing)", flat)
    deleted = re.findall(r"delete (results/\S+?) and run", flat)
    return [Path(path) for path in {*found, *deleted}]


def attack(target: Target, trials: Iterable[int], seed: int, harms: Iterable[str] = tuple(HARMS)) -> Counter[str]:
    """Run the trials of these numbers; prints each, and returns how often each harm ended how."""
    tally: Counter[str] = Counter()
    for trial in trials:
        rng = random.Random(f"{seed}, {trial}")
        target.reset()
        harm = rng.choice(sorted(harms))
        what = HARMS[harm](target, rng)
        ending = outcome(target)
        tally[f"{harm}: {ending.split(':')[0]}"] += 1
        print(f"{trial:4} {what}: {ending}", flush=True)
    return tally


def prepared(study: Study, folder: Path) -> Target:
    """A target from a study that has run undisturbed."""
    pristine = folder / "pristine"
    pristine.mkdir()
    for name in ("results", ".snakemake"):
        shutil.copytree(study.folder / name, pristine / name)
    return Target(study, pristine, contents(study.folder / "results"))


@contextmanager
def attacked(folder: Path) -> Iterator[Target]:
    """A study in `folder` with joint realignment and frequent saved states, run once unless it has run there."""
    home, encoder, done = folder / "home", folder / "encoder", folder / "undisturbed"
    if not done.exists():
        write_small_encoder(encoder, read_e5(packaged_file()), words_of_the_study())
        build_study(home, encoder)
    study = Study(home / "project", home / "study")
    changes = {
        "methods": ["baseline", "before-dictionary", "during-dictionary"],
        "storage": {"state_seconds": 1},
    }
    with study.changed_config(**changes):
        if not done.exists():
            study.run()
            prepared(study, folder)
            done.touch()
        yield Target(study, folder / "pristine", contents(folder / "pristine" / "results"))


def main() -> None:
    """Attack a study; exit with 1 after any defect."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=1, help="number of the first trial")
    parser.add_argument("--only", nargs="+", choices=HARMS, default=list(HARMS), metavar="HARM", help=", ".join(HARMS))
    parser.add_argument("--cluster", action="store_true", help="run on a SLURM of two nodes (as root, under Debian)")
    parser.add_argument("--folder", type=Path, help="an empty folder for the study, or one that has been used before")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    folder = nullcontext(str(options.folder)) if options.folder else tempfile.TemporaryDirectory(prefix="attack.")
    with folder as name, attacked(Path(name).absolute()) as target, cluster() if options.cluster else nullcontext():
        target.on_cluster = options.cluster
        tally = attack(target, range(options.first, options.first + options.trials), options.seed, options.only)
    print(*(f"{count:5} {ending}" for ending, count in sorted(tally.items())), sep="\n")
    if any(ending.split(": ")[1] not in ("healed", "reported") for ending in tally):
        sys.exit(1)


if __name__ == "__main__":
    main()
