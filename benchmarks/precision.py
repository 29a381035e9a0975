"""Compare float32 with bfloat16 autocast, and fused with plain AdamW, on fine-tuning steps with one thread.

python benchmarks/precision.py        # after a run: reads results/models and results/examples
"""

import sys
import time
from pathlib import Path

import torch
from machine import describe

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow"))

from realign.encoders.devices import autocast, pick_device, seed_everything
from realign.encoders.precision import Precision
from realign.tasks.tagging import model as tagging
from realign.tasks.tagging.data import read_examples

STEPS = 10
PRECISIONS: tuple[Precision, ...] = ("float32", "bfloat16")


def seconds_a_step(model: Path, precision: Precision, fused: bool) -> float:
    """Mean seconds of a step of 32 sentences, without the first two steps."""
    data = read_examples(Path("results/examples/pos/en/train.parquet"))
    rng, device = seed_everything(0), pick_device()
    tagger = tagging.load(model, device, data.label_names).train()
    objective = tagging.objective(tagger, model, data, max_length=96, batch_size=32, rng=rng)
    optimizer = torch.optim.AdamW(tagger.parameters(), lr=1e-5, fused=fused)
    times = []
    for _ in range(STEPS + 2):
        start = time.monotonic()
        with autocast(device, precision):
            loss = objective.loss(objective.prepare(next(objective.draws)))
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        loss.item()
        times.append(time.monotonic() - start)
    return sum(times[2:]) / STEPS


if __name__ == "__main__":
    torch.set_num_threads(1)
    folder = max(Path("results/models").glob("*"))
    print(describe(), "", f"Model {folder.name}, 32 sentences a step, one thread.", "", sep="\n")
    print("| precision | AdamW | seconds a step |", "| --- | --- | --- |", sep="\n")
    for precision in PRECISIONS:
        for fused in (False, True):
            seconds = seconds_a_step(folder, precision, fused)
            print(f"| {precision} | {'fused' if fused else 'plain'} | {seconds:.3f} |", flush=True)
