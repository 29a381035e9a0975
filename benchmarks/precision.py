"""Compare float32 with bfloat16 autocast, and fused with plain AdamW, on fine-tuning steps with one thread.

python benchmarks/precision.py        # after a run: reads results/models and results/tasks
"""

import sys
import time
from pathlib import Path

import torch
from machine import describe

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow"))

from realign.devices import autocast, pick_device, seed_everything
from realign.tasks.data import read_token_data

from realign.encoders.checkpoint import load_tagger
from realign.encoders.words import WordTokenizer
from realign.finetuning import TaggingObjective

STEPS = 10


def seconds_a_step(model: Path, precision: str, fused: bool) -> float:
    """Mean seconds of a step of 32 sentences, the first two steps left out."""
    data = read_token_data(Path("results/tasks/pos/en/train.parquet"))
    order, device = seed_everything(0), pick_device()
    tagger = load_tagger(model, device, data.label_names).train()
    objective = TaggingObjective(tagger, WordTokenizer(model, 96), data, 32, order)
    optimizer = torch.optim.AdamW(tagger.parameters(), lr=1e-5, fused=fused)
    times = []
    for _ in range(STEPS + 2):
        start = time.monotonic()
        with autocast(device, precision):  # type: ignore[arg-type]
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
    for precision in ("float32", "bfloat16"):
        for fused in (False, True):
            seconds = seconds_a_step(folder, precision, fused)
            print(f"| {precision} | {'fused' if fused else 'plain'} | {seconds:.3f} |", flush=True)
