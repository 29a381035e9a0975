"""Compare the aligners' lines a second on generated text of two sizes, and print the largest peak memory.

    python benchmarks/aligners.py

The text consists of invented words that follow Zipf's law, each with one translation. It says nothing about quality.
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

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow"))

from realign.aligners.registry import FastAlignSettings

WORKFLOW = Path(__file__).parents[1] / "workflow"
RUN = """
import sys; sys.path.insert(0, {path!r})
from pathlib import Path
from realign.aligners import both_directions, dictionary
from realign.aligners.inputs import AlignerInputs
BITEXT, LINKS = Path('bitext'), Path('links')
{call}
"""
FASTALIGN = FastAlignSettings().model_dump()
CALLS = {
    "fastalign": f"both_directions.align(AlignerInputs(BITEXT), LINKS, {FASTALIGN})",
    "fastalign, two threads": f"both_directions.align(AlignerInputs(BITEXT, threads=2), LINKS, {FASTALIGN})",
    "dictionary": "dictionary.align(AlignerInputs(BITEXT, dictionary=Path('dictionary')), LINKS, {})",
}


def generate(folder: Path, lines: int, words: int = 20_000) -> None:
    """A bitext of 5 to 25 words a line and a dictionary of all its words."""
    rng = np.random.default_rng(0)
    with open(folder / "bitext", "w", encoding="utf-8") as out:
        for length in rng.integers(5, 26, size=lines):
            chosen = np.minimum(rng.zipf(1.3, size=length), words)
            out.write(" ".join(f"s{n}" for n in chosen) + " ||| " + " ".join(f"t{n}" for n in chosen) + "\n")
    (folder / "dictionary").write_text("".join(f"s{n}\tt{n}\n" for n in range(1, words + 1)), encoding="utf-8")


def measure(call: str, folder: Path) -> float:
    """Seconds of one aligner in a process of its own; its programs compute with one thread each, as in a job."""
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
