"""Compare the dry run of a large grid with what Snakemake alone needs for a DAG of that shape, as Markdown.

    python benchmarks/dry_run.py [jobs]

The grid is the paper's experiment with more seeds, whose inputs all come from the hub, so that it is planned in an
empty folder. Its counterpart `plain.smk` has the same rules, inputs, outputs and wildcards, and nothing that a plan can
do without: no params, resources, logs, benchmarks, scripts or temporary files. Fails if the two do not plan the same
jobs, or if the workflow takes more than 1.5 times the CPU time.
"""

import re
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd
import yaml
from machine import describe

PROJECT = Path(__file__).parents[1]
sys.path.insert(0, str(PROJECT / "workflow"))

from realign.sources.files import Locator  # noqa: E402

from realign.config import read_config  # noqa: E402 (needs the path above)

SNAKEFILES = {"workflow": PROJECT / "Snakefile", "plain": PROJECT / "benchmarks/plain.smk"}
PROFILE = str(PROJECT / "profiles/default")
JOBS_OF_A_SEED = 624
REPETITIONS = 3
LIMIT = 1.5

Configs = dict[str, Path]


def write_configs(seeds: int, folder: Path) -> Configs:
    """The config of the paper's experiment with so many seeds, and the little of it that `plain.smk` reads."""
    content: dict[str, Any] = yaml.safe_load((PROJECT / "experiments/paper.yaml").read_text(encoding="utf-8"))
    content["seeds"] = list(range(1, seeds + 1))
    config = read_config(content)
    locate = Locator(config, PROJECT / "lab")
    plain = {
        "source": config.source_language,
        "targets": sorted(config.target_languages),
        "seeds": config.seeds,
        "methods": {model: list(config.methods_of(model)) for model in config.models},
        "steps": {task: locate.realignment_steps(task) for task in config.tasks},
        "awesome": config.aligners.awesome.model,
    }
    paths = {}
    for name, written in (("workflow", content), ("plain", plain)):
        paths[name] = folder / f"{name}-{seeds}.yaml"
        paths[name].write_text(yaml.safe_dump(written, sort_keys=False), encoding="utf-8")
    return paths


def dry_run(name: str, configs: Configs, *options: str) -> str:
    """What Snakemake prints when it plans one of the two in an empty folder."""
    command = [sys.executable, "-m", "snakemake", "--snakefile", SNAKEFILES[name], "--configfile", configs[name]]
    with TemporaryDirectory() as empty:
        finished = subprocess.run(
            [*map(str, command), "-n", *options], cwd=empty, capture_output=True, text=True, check=False
        )
    if finished.returncode != 0:
        raise SystemExit(f"{name}: {finished.stdout[-2000:]}{finished.stderr[-2000:]}")
    return finished.stdout + finished.stderr


def planned_jobs(printed: str) -> Iterator[tuple[str, ...]]:
    """Rule, sorted inputs and sorted outputs of every job in Snakemake's plain log."""
    for block in re.split(r"^(?:local)?rule ", printed, flags=re.MULTILINE)[1:]:
        files = dict(re.findall(r"^    (input|output): (.+)$", block, flags=re.MULTILINE))
        yield block.split(":")[0], *(", ".join(sorted(files.get(key, "").split(", "))) for key in ("input", "output"))


def check_shape(folder: Path) -> None:
    """Exit unless every job of one seed has its counterpart with the same rule, inputs and outputs."""
    configs = write_configs(1, folder)
    ours, plain = (set(planned_jobs(dry_run(name, configs, "--workflow-profile", "none"))) for name in SNAKEFILES)
    if not ours or ours != plain:
        raise SystemExit(f"different jobs, among them: {min(ours ^ plain, default='none at all')}")


def job_counts(printed: str) -> dict[str, int]:
    """Jobs by rule, and their `total`."""
    return {
        rule.replace(" ", "_"): int(count)
        for rule, count in re.findall(r"^ ?(\w[\w ]*\w) +(\d+) *$", printed, flags=re.MULTILINE)
    }


def measure(configs: Configs) -> pd.DataFrame:
    """Jobs, wall-clock and CPU seconds of every dry run, the two taking turns; exits if they count other jobs."""
    rows = []
    for _ in range(REPETITIONS):
        counts = {}
        for name in SNAKEFILES:
            before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
            counts[name] = job_counts(dry_run(name, configs, "--workflow-profile", PROFILE, "-q", "rules", "all"))
            wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
            cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            rows.append({"dry run": name, "jobs": counts[name].get("total", 0), "wall clock": wall, "CPU": cpu})
        if not counts["workflow"] or counts["workflow"] != counts["plain"]:
            raise SystemExit(f"different jobs: {counts}")
    return pd.DataFrame(rows)


def main(jobs: int) -> None:
    """Check, measure and print."""
    with TemporaryDirectory() as name:
        check_shape(Path(name))
        measured = measure(write_configs(max(1, round(jobs / JOBS_OF_A_SEED)), Path(name)))
    fastest = measured.groupby("dry run").min()
    table = pd.DataFrame(
        [
            {
                "seconds": kind,
                "jobs": f"{fastest['jobs'].iloc[0]:,}",
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
