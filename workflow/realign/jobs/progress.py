"""The progress of the run in a folder, read from the log that Snakemake writes there: `workflow/progress [FOLDER]`.

It only reads, and takes no lock: it can be run at any time, from any terminal and, on a shared disk, from any machine.
"""

import platform
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import takewhile
from pathlib import Path

from realign.durations import spell
from realign.jobs.locks import is_held
from realign.jobs.parsers import command_parser

TARGET = "all"
"""The rule that only collects targets; its job takes no time."""
LISTED = 20
"""The maximum number of running or failed jobs that are listed."""

STAMP = re.compile(r"\s*\[(\w{3} \w{3} [ \d]\d [\d:]{8} \d{4})\]")
STARTED = re.compile(r"(?: {4})?(?:local)?rule (\w+):$")
FAILED = re.compile(r"\s*Error in rule \w+:$")
JOB_ID = re.compile(r"\s+jobid: (\d+)$")
DETAIL = re.compile(r"\s+(log|wildcards): (.+)$")
FINISHED = re.compile(r"Finished jobid: (\d+) \(Rule: (\w+)\)")
BAR = re.compile(r"(\d+%)\|.*?\| (\S+/\S+) \[[^<\]]*<([^,\]]+)")
ENDINGS = {
    "Terminating processes on user request": "was stopped",
    "Exiting because a job execution failed": "failed",
    "Nothing to be done": "had nothing to do",
    "Complete log(s):": "finished",
}


@dataclass
class Job:
    """A job that was started; on a cluster, submitted."""

    rule: str
    started: datetime
    ended: datetime | None = None
    failed: bool = False
    log: str = ""
    wildcards: str = ""

    def seconds(self, now: datetime) -> float:
        """How long it took, or has been running."""
        return ((self.ended or now) - self.started).total_seconds()


@dataclass
class Tally:
    """The jobs of one rule: how many there are, and those that were started."""

    count: int
    jobs: list[Job]

    def __post_init__(self) -> None:
        self.running = [job for job in self.jobs if not job.ended]
        self.failed = [job for job in self.jobs if job.failed]
        self.done = [job for job in self.jobs if job.ended and not job.failed]
        self.unfinished = self.count - len(self.done) - len(self.failed)

    def numbers(self) -> list[int | str]:
        """Jobs in all, done, running and failed; the last two empty when there are none."""
        return [self.count, len(self.done), len(self.running) or "", len(self.failed) or ""]

    def mean(self) -> float | None:
        """Mean seconds of a finished job."""
        return sum(job.seconds(job.started) for job in self.done) / len(self.done) if self.done else None

    def work_left(self, now: datetime) -> float | None:
        """Seconds of work left if every job takes as long as the finished ones did on average; None before any did."""
        mean = self.mean()
        if mean is None:
            return None if self.unfinished else 0
        waiting = self.count - len(self.jobs)
        return mean * waiting + sum(max(0, mean - job.seconds(now)) for job in self.running)


@dataclass
class Run:
    """What the log of a run says; `ending` is None while the run continues, and stays None if it was killed."""

    started: datetime
    last: datetime
    host: str
    counts: dict[str, int] = field(default_factory=dict)
    jobs: dict[int, Job] = field(default_factory=dict)
    ending: str | None = None

    def total(self) -> Tally:
        """All jobs."""
        return Tally(sum(self.counts.values()), list(self.jobs.values()))

    def by_rule(self) -> dict[str, Tally]:
        """The jobs by rule."""
        return {
            rule: Tally(count, [job for job in self.jobs.values() if job.rule == rule])
            for rule, count in self.counts.items()
        }


def read_run(text: Iterable[str]) -> Run | None:
    """Read a log of Snakemake; None if it is not the log of a run, but of a report or the like."""
    lines = iter(text)
    head = dict(
        re.findall(
            r"^  (\w+): (.+)$",
            "".join(takewhile(lambda line: not line.startswith("Building DAG"), lines)),
            flags=re.MULTILINE,
        )
    )
    if "Host" not in head:
        return None
    started = datetime.fromisoformat(head["Date"])
    run = Run(started, started, head["Host"])
    job: Job | None = None
    failing = False
    for line in lines:
        if found := STAMP.match(line):
            run.last = datetime.strptime(found[1], "%a %b %d %H:%M:%S %Y")
            job, failing = None, False
        elif found := STARTED.match(line):
            job, failing = Job(found[1], run.last), False
        elif FAILED.match(line):
            job, failing = None, True
        elif (found := JOB_ID.match(line)) and job:
            run.jobs[int(found[1])] = job
        elif found and failing:
            run.jobs[int(found[1])].ended, run.jobs[int(found[1])].failed = run.last, True
        elif (found := DETAIL.match(line)) and job:
            setattr(job, found[1], found[2])
        elif found := FINISHED.match(line):
            run.jobs.setdefault(int(found[1]), Job(found[2], run.last)).ended = run.last
        elif line.startswith("Job stats:"):
            table = "".join(takewhile(str.strip, lines))
            run.counts = {rule: int(count) for rule, count in re.findall(r"^(\w+) +(\d+)$", table, flags=re.MULTILINE)}
            run.counts.pop("total", None)
        elif not run.ending:
            run.ending = next((ending for start, ending in ENDINGS.items() if line.startswith(start)), None)
    return run


def last_run(folder: Path) -> Run | None:
    """The newest run of a folder, whether it continues or has ended."""
    for log in sorted((folder / ".snakemake/log").glob("*.snakemake.log"), reverse=True):
        with open(log, encoding="utf-8", errors="replace") as lines:
            run = read_run(lines)
        if run:
            return run
    return None


def table(run: Run, now: datetime, going_on: bool) -> Iterator[str]:
    """Jobs by rule and in total, the mean time of a finished job, and the time left with this many jobs at once."""
    row = "{:20}{:>7}{:>7}{:>9}{:>8}{:>10}{:>12}".format
    running = len(run.total().running)
    live, last = "cut off" if running and not going_on else "running", "time left" if going_on else ""
    yield row("rule", "jobs", "done", live, "failed", "mean", last).rstrip()
    at_once = max(1, running)
    for rule, tally in run.by_rule().items():
        mean, work = tally.mean(), tally.work_left(now)
        left = "?" if work is None else spell(work / at_once)
        shown = going_on and tally.unfinished and rule != TARGET
        yield row(rule, *tally.numbers(), "" if mean is None else spell(mean), left if shown else "").rstrip()
    known, unknown = time_left(run, now)
    left = spell(known) + " + ?" * unknown
    yield row("total", *run.total().numbers(), "", left if going_on else "").rstrip()


def time_left(run: Run, now: datetime) -> tuple[float, bool]:
    """Seconds left with as many jobs at once as now, and whether there are rules of which no job has finished yet."""
    at_once = max(1, len(run.total().running))
    work = {rule: tally.work_left(now) for rule, tally in run.by_rule().items() if rule != TARGET}
    return sum(seconds or 0 for seconds in work.values()) / at_once, None in work.values()


def summary(run: Run, now: datetime) -> str:
    """One line: how many jobs are done and running, and how long the rest will take."""
    total = run.total()
    failed = f", {len(total.failed)} failed" if total.failed else ""
    known, unknown = time_left(run, now)
    left = (
        "time left not known yet" if unknown and not known else f"{'over' if unknown else 'about'} {spell(known)} left"
    )
    count = total.count - run.counts.get(TARGET, 0)
    return f"{len(total.done)} of {count} jobs done, {len(total.running)} running{failed}, {left}"


def describe(job: Job, folder: Path, now: datetime) -> str:
    """A job, how long it took or has been running, and its log if it failed, or else the progress of its training."""
    said = f"  {job.rule} {job.wildcards}: {spell(job.seconds(now))}"
    if job.failed:
        return f"{said}, {job.log}".rstrip(", ")
    log = folder / job.log
    bars = BAR.findall(log.read_text(encoding="utf-8", errors="replace")) if log.is_file() else []
    return said + "".join(f", {share} ({steps}), {left} left" for share, steps, left in bars[-1:])


def state(run: Run, going_on: bool, now: datetime) -> str:
    """One line: since when a run is running, or how the last one ended."""
    if going_on and run.ending:
        return "a run is starting or ending"
    if going_on and not run.counts:
        return "a run is building its list of jobs"
    if going_on:
        return f"running since {run.started:%Y-%m-%d %H:%M}, for {spell((now - run.started).total_seconds())}"
    if run.ending:
        ending = "was stopped" if run.ending == "finished" and run.total().unfinished else run.ending
        return f"no run is active; the last one {ending} at {run.last:%Y-%m-%d %H:%M}"
    elsewhere = "" if run.host == platform.node() else f", or continues on {run.host}, whose locks are not visible here"
    return f"no run is active; the last one was killed after {run.last:%Y-%m-%d %H:%M}{elsewhere}"


def report(folder: Path, now: datetime) -> Iterator[str]:
    """What `workflow/progress` prints."""
    run, going_on = last_run(folder), is_held(folder / ".snakemake/realign.lock")
    if run is None:
        yield "a run is starting" if going_on else f"there has been no run in {folder.resolve()}"
        return
    yield state(run, going_on, now)
    if not run.counts or (going_on and run.ending):
        return
    yield from ("", *table(run, now, going_on), "")
    total = run.total()
    if going_on:
        yield (
            f"time left: estimated from the mean of each rule's finished jobs, {len(total.running)} at once as now; "
            "?: none has finished yet"
        )
    for title, jobs in (("running", total.running if going_on else []), ("failed", total.failed)):
        if jobs:
            yield f"{title}:"
            yield from (describe(job, folder, now) for job in jobs[:LISTED])
            yield from [f"  and {len(jobs) - LISTED} more"] * (len(jobs) > LISTED)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the progress of the run in a folder."""
    said = "Show how far the run in a folder is, what runs now, and how long the rest will take."
    parser = command_parser("progress", said, "realign progress", "watch realign progress path/to/study")
    parser.add_argument("folder", type=Path, nargs="?", default=Path(), help="where snakemake runs (default: here)")
    print("\n".join(report(parser.parse_args(arguments).folder, datetime.now())))
