"""Compare the dry run of a large grid with what Snakemake alone needs for the same DAG, as Markdown.

    python benchmarks/dry_run.py [jobs]

The grid is the ACL study's with more seeds. Its inputs all come from the hub, so that it is planned in an empty
folder. The plain Snakefile is generated: Snakemake plans the workflow once, and every rule that has jobs is written
down with its outputs and inputs alone. The outputs are the rule's own patterns, with the constraints of the wildcards.
The inputs are those of the plan: a job looks them up by its wildcards in a dictionary, and a rule without wildcards
has them as a list. There are no params, resources, logs, benchmarks, scripts or temporary files. Fails if the two do
not plan the same jobs, or if the workflow takes more than 1.4 times the CPU time.
"""

import logging
import pickle
import re
import resource
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from contextlib import chdir
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import pandas as pd
import yaml
from machine import describe
from snakemake.api import SnakemakeApi
from snakemake.settings.types import ConfigSettings, OutputSettings, ResourceSettings

PROJECT = Path(__file__).parents[1]
WORKFLOW = PROJECT / "Snakefile"
EXPERIMENT = PROJECT / "experiments/acl2023.yaml"
PROFILE = PROJECT / "profiles/default"
REPETITIONS = 3
LIMIT = 1.4

HEAD = """\
import pickle
from pathlib import Path

INPUTS = pickle.loads(Path({inputs!r}).read_bytes())
"""
RULE = """

rule:
    name: {name!r}
    input: {inputs}
    output: {outputs!r}
"""


class Rule(NamedTuple):
    """A rule's output patterns and sorted wildcards, and the inputs and outputs of its jobs by their wildcards."""

    patterns: list[str]
    wildcards: list[str]
    jobs: dict[tuple[str, ...], tuple[list[str], list[str]]]


Plan = dict[str, Rule]


def write_config(seeds: int, folder: Path) -> Path:
    """The config of the ACL study with so many seeds."""
    content = yaml.safe_load(EXPERIMENT.read_text(encoding="utf-8"))
    content["seeds"] = list(range(1, seeds + 1))
    path = folder / f"{seeds}.yaml"
    path.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    return path


def read_plan(snakefile: Path, *configs: Path) -> Plan:
    """The rules that have jobs in an empty folder, the default target first."""
    logging.disable(logging.WARNING)
    with TemporaryDirectory() as empty, chdir(empty), SnakemakeApi(OutputSettings(dryrun=True)) as api:
        settings = ResourceSettings(cores=1), ConfigSettings(configfiles=configs)
        planned = api.workflow(*settings, snakefile=snakefile)
        try:
            planned.dag().execute_workflow("dryrun")
        except Exception as error:
            api.print_exception(error)
            raise SystemExit(f"no plan of {snakefile}") from None
        workflow = planned._workflow
        plan: Plan = {}
        for rule in sorted(workflow.rules, key=lambda rule: rule.name != workflow.default_target):
            plan[rule.name] = Rule([str(path) for path in rule.output], sorted(rule.wildcard_names), {})
        for job in workflow.dag.jobs:
            rule = plan[job.rule.name]
            values = tuple(getattr(job.wildcards, name) for name in rule.wildcards)
            rule.jobs[values] = [str(path) for path in job.input], [str(path) for path in job.output]
    return {name: rule for name, rule in plan.items() if rule.jobs}


def make_plan(snakefile: Path, *configs: Path) -> Plan:
    """`read_plan` in a process of its own, whose imports and memory end with it."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(read_plan, snakefile, *configs).result()


def write_plain(plan: Plan, folder: Path) -> Path:
    """A Snakefile with the rules of a plan and nothing else; its inputs lie beside it."""
    inputs = folder / "inputs.pickle"
    inputs.write_bytes(
        pickle.dumps({name: {values: job[0] for values, job in rule.jobs.items()} for name, rule in plan.items()})
    )
    text = HEAD.format(inputs=str(inputs))
    for name, rule in plan.items():
        lookup = f"INPUTS[{name!r}][()]"
        if rule.wildcards:
            values = ", ".join(f"wildcards.{wildcard}" for wildcard in rule.wildcards)
            lookup = f"lambda wildcards: INPUTS[{name!r}][({values},)]"
        text += RULE.format(name=name, inputs=lookup, outputs=rule.patterns)
    path = folder / "plain.smk"
    path.write_text(text, encoding="utf-8")
    return path


def count_jobs(plan: Plan) -> int:
    """The jobs of all rules."""
    return sum(len(rule.jobs) for rule in plan.values())


def check(ours: Plan, plain: Plan) -> None:
    """Exit unless every job of the one has its counterpart with the same rule, inputs and outputs in the other."""
    jobs = [
        {(name, tuple(inputs), tuple(outputs)) for name, rule in plan.items() for inputs, outputs in rule.jobs.values()}
        for plan in (ours, plain)
    ]
    if not ours or jobs[0] != jobs[1]:
        raise SystemExit(f"different jobs, among them: {min(jobs[0] ^ jobs[1], default='none at all')}")


def dry_run(options: list[str | Path]) -> int:
    """How many jobs Snakemake prints that it plans in an empty folder."""
    command = [sys.executable, "-m", "snakemake", "-n", "-q", "rules", "all", "--workflow-profile", PROFILE, *options]
    with TemporaryDirectory() as empty:
        finished = subprocess.run(list(map(str, command)), cwd=empty, capture_output=True, text=True, check=False)
    printed = finished.stdout + finished.stderr
    if finished.returncode != 0:
        raise SystemExit(printed[-4000:])
    return int(re.findall(r"^ ?total +(\d+) *$", printed, flags=re.MULTILINE)[-1])


def measure(dry_runs: dict[str, list[str | Path]], jobs: int) -> pd.DataFrame:
    """Wall-clock and CPU seconds of every dry run, all of them taking turns; exits if one plans other than `jobs`."""
    rows = []
    for _ in range(REPETITIONS):
        for name, options in dry_runs.items():
            before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
            counted = dry_run(options)
            wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
            if counted != jobs:
                raise SystemExit(f"different jobs: {name} plans {counted} instead of {jobs}")
            cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            rows.append({"dry run": name, "wall clock": wall, "CPU": cpu})
    return pd.DataFrame(rows)


def main(jobs: int) -> None:
    """Check, measure and print."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        one, two = (make_plan(WORKFLOW, write_config(seeds, folder)) for seeds in (1, 2))
        check(one, make_plan(write_plain(one, folder)))
        jobs_of_a_seed = count_jobs(two) - count_jobs(one)
        config = write_config(max(1, 1 + round((jobs - count_jobs(one)) / jobs_of_a_seed)), folder)
        plan = make_plan(WORKFLOW, config)
        plain = write_plain(plan, folder)
        dry_runs: dict[str, list[str | Path]] = {
            "workflow": ["--snakefile", WORKFLOW, "--configfile", config],
            "plain": ["--snakefile", plain],
        }
        fastest = measure(dry_runs, count_jobs(plan)).groupby("dry run").min()
    table = pd.DataFrame(
        [
            {
                "seconds": kind,
                "jobs": f"{count_jobs(plan):,}",
                "workflow": round(fastest.loc["workflow", kind], 1),
                "plain Snakemake": round(fastest.loc["plain", kind], 1),
                "ratio": round(fastest.loc["workflow", kind] / fastest.loc["plain", kind], 2),
            }
            for kind in ("wall clock", "CPU")
        ]
    )
    print(describe(), table.to_markdown(index=False), sep="\n\n")
    if table["ratio"].iloc[-1] > LIMIT:
        raise SystemExit(f"the dry run takes more than {LIMIT} times what plain Snakemake takes")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 30_000)
