"""Time whole runs of the default experiment: with and without the warm start, and after a new language, as Markdown.

    python benchmarks/runs.py [--small]

The experiment runs twice in folders of its own, without one of its languages: once with a process for each job that
imports everything by itself, once with the warm start. Exits if a result differs by a byte. Then the language is added
to the second, as one that realignment leaves out, and at last there is nothing to do. `--small` takes one model, one
seed and two languages. CPU seconds are of all processes.
"""

import argparse
import ctypes
import os
import re
import resource
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd
import yaml
from machine import describe

PROJECT = Path(__file__).parents[1]
SNAKEMAKE = [sys.executable, "-m", "snakemake", "--snakefile", str(PROJECT / "Snakefile")]
PR_SET_CHILD_SUBREAPER = 36
"""From linux/prctl.h."""
OF_TIMES = re.compile(r"(^|/)((\.sums/)?(logs|benchmarks)/|timeline\.|run\.json|report\.html|.*\.tmp/)")
"""Results that tell of times or of numbers of processes."""


def write_config(folder: Path, languages: list[str], realigned: list[str], small: bool) -> None:
    """The default experiment with these target languages, some of which take part in realignment."""
    content: dict[str, Any] = yaml.safe_load((PROJECT / "config.yaml").read_text(encoding="utf-8"))
    content["target_languages"] = languages
    content["realignment"]["languages"] = realigned
    if small:
        content["seeds"] = content["seeds"][:1]
        content["models"] = dict(list(content["models"].items())[:1])
    folder.mkdir(exist_ok=True)
    (folder / "config.yaml").write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")


def run(name: str, folder: Path, *options: str, warm: bool = True) -> dict[str, Any]:
    """Run Snakemake: its jobs, and the seconds of wall clock and of the CPU of all its processes."""
    before, start = used(), time.monotonic()
    environment = {**os.environ, "REALIGN_WARM_START": "yes" if warm else "no"}
    process = subprocess.run(
        [*SNAKEMAKE, *options], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    seconds = time.monotonic() - start
    said = process.stdout + process.stderr
    if process.returncode != 0:
        raise SystemExit(said[-4000:])
    found = re.search(r"^ *total +(\d+) *$", said, flags=re.MULTILINE)
    return {
        "run": name,
        "jobs": int(found[1]) if found else 0,
        "wall seconds": round(seconds, 1),
        "CPU seconds": round(used() - before, 1),
    }


def used() -> float:
    """CPU seconds of all processes below this one that have ended; waits for those that Snakemake leaves behind."""
    try:
        while True:
            os.wait()
    except ChildProcessError:
        pass
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def made(folder: Path) -> dict[str, bytes]:
    """The bytes of all results but `OF_TIMES`."""
    results = folder / "results"
    named = {str(path.relative_to(results)): path for path in results.rglob("*") if path.is_file()}
    return {name: path.read_bytes() for name, path in named.items() if not OF_TIMES.search(name)}


def compare(small: bool) -> pd.DataFrame:
    """A row for each run."""
    languages = yaml.safe_load((PROJECT / "config.yaml").read_text(encoding="utf-8"))["target_languages"]
    *first, new = languages[:3] if small else languages
    languages = [*first, new]
    with TemporaryDirectory() as home:
        cold, warm = Path(home, "cold"), Path(home, "warm")
        for folder in (cold, warm):
            write_config(folder, first, first, small)
        rows = [run("every job imports by itself", cold, "-j8", warm=False), run("warm start", warm, "-j8")]
        a, b = made(cold), made(warm)
        if not a or a != b:
            raise SystemExit(f"different results, among them: {min(a.items() ^ b.items())[0]}")
        write_config(warm, languages, first, small)
        rows += [run(f"a new language ({new})", warm, "-j8"), run("a dry run with nothing to do", warm, "-n")]
    table = pd.DataFrame(rows)
    for unit in ("wall", "CPU"):
        column = table[f"{unit} seconds"]
        table[f"{unit}, share of the first"] = (column / column[0]).round(3)
        table[f"{unit}, share of the second"] = (column / column[1]).round(3)
    return table


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--small", action="store_true", help="one model, one seed, two languages and a third")
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    print(describe(), compare(parser.parse_args().small).to_markdown(index=False), sep="\n\n")
