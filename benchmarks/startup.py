"""Compare what a short job costs beside its work, with and without what `realign.jobs.job` does to shorten it.

    python benchmarks/startup.py

Each process imports what scoring needs, and ends. The ways take turns; the table has their medians.
"""

import subprocess
import sys
import time
from statistics import median

from machine import describe

IMPORTS = "import torch; from transformers.models.bert.modeling_bert import BertForTokenClassification"
WAYS = {
    "Python's defaults": IMPORTS,
    "rare garbage collection": f"import gc; gc.set_threshold(100_000); {IMPORTS}",
    "and an end at once": f"import gc, os; gc.set_threshold(100_000); {IMPORTS}; os._exit(0)",
}
REPEATS = 7


def seconds(code: str) -> float:
    """Wall clock of one process."""
    start = time.monotonic()
    subprocess.run([sys.executable, "-c", code], check=True)
    return time.monotonic() - start


if __name__ == "__main__":
    print(describe(), "", "| imports, then nothing | seconds |", "| --- | --: |", sep="\n")
    times = [{way: seconds(code) for way, code in WAYS.items()} for _ in range(REPEATS)]
    for way in WAYS:
        print(f"| {way} | {median(run[way] for run in times):.2f} |")
