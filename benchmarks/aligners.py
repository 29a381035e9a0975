"""Compare the lines a second and the peak memory of the aligners on generated text of two sizes.

    python benchmarks/aligners.py

The text is made of invented words with a known translation each, in Zipf's proportions; it says nothing about quality.
"""

import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from machine import describe

WORKFLOW = Path(__file__).parents[1] / "workflow"
RUN = """
import sys; sys.path.insert(0, {path!r})
from pathlib import Path
from realign.aligners import dictionary, fastalign
{call}
"""
CALLS = {
    "fastalign": "fastalign.align(Path('bitext'), Path('fastalign.links'))",
    "fastalign, two threads": "fastalign.align(Path('bitext'), Path('fastalign.links'), threads=2)",
    "dictionary": "dictionary.align(Path('bitext'), Path('dictionary'), Path('dictionary.links'))",
}


def generate(folder: Path, lines: int, words: int = 20_000) -> None:
    """A bitext of 5 to 25 words a line and a dictionary of all its words."""
    order = np.random.default_rng(0)
    with open(folder / "bitext", "w", encoding="utf-8") as out:
        for length in order.integers(5, 26, size=lines):
            chosen = np.minimum(order.zipf(1.3, size=length), words)
            out.write(" ".join(f"s{n}" for n in chosen) + " ||| " + " ".join(f"t{n}" for n in chosen) + "\n")
    (folder / "dictionary").write_text("".join(f"s{n}\tt{n}\n" for n in range(1, words + 1)), encoding="utf-8")


def measure(call: str, folder: Path) -> float:
    """Seconds of one aligner in a process of its own, whose programs compute with one thread each, as in a job."""
    start = time.monotonic()
    command = [sys.executable, "-c", RUN.format(path=str(WORKFLOW), call=call)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    subprocess.run(command, cwd=folder, check=True, stderr=subprocess.DEVNULL, env=environment)
    return time.monotonic() - start


if __name__ == "__main__":
    print(describe(), "", "| aligner | lines | seconds | lines a second |", "| --- | --- | --- | --- |", sep="\n")
    for size in (5_000, 20_000):
        with TemporaryDirectory() as name:
            generate(Path(name), size)
            for aligner, code in CALLS.items():
                seconds = measure(code, Path(name))
                print(f"| {aligner} | {size:,} | {seconds:.1f} | {size / seconds:,.0f} |", flush=True)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"\nLargest process of all: {peak:.0f} MiB.")
