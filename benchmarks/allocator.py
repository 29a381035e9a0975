"""Time forward passes with and without `keep_freed_memory`, each in a process of its own, as Markdown.

    python benchmarks/allocator.py results/models/e5-6

Both compute the same 40 batches of one sub-word repeated, in the order of their lengths, as a job that scores does.
"""

import resource
import sys
from multiprocessing import get_context
from pathlib import Path

import pandas as pd
import torch
from machine import describe

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow"))

from realign.encoders.checkpoint import load_encoder
from realign.encoders.devices import autocast, pick_device, use_threads
from realign.jobs.memory import keep_freed_memory


@torch.inference_mode()
def passes(folder: str, keep: bool) -> dict[str, float]:
    """CPU seconds of 40 batches, in the program and in the system, and the most memory that the process had."""
    use_threads(1)
    if keep:
        keep_freed_memory()
    encoder = load_encoder(Path(folder), pick_device()).eval()
    before = resource.getrusage(resource.RUSAGE_SELF)
    for length in range(12, 52):
        ids = torch.full((64, length), 5)
        with autocast(encoder.device, "auto"):
            encoder(input_ids=ids, attention_mask=torch.ones_like(ids), output_hidden_states=True)
    after = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "program": round(after.ru_utime - before.ru_utime, 1),
        "system": round(after.ru_stime - before.ru_stime, 1),
        "peak MiB": after.ru_maxrss // 1024,
    }


if __name__ == "__main__":
    rows = []
    for keep in (False, True):
        with get_context("spawn").Pool(1) as pool:
            measured = pool.apply(passes, (sys.argv[1], keep))
        rows.append({"freed memory": "kept" if keep else "returned", **measured})
    print(describe(), pd.DataFrame(rows).to_markdown(index=False), sep="\n\n")
