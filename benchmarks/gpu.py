"""Measure sub-words a second, and the share of the peak, of training an encoder of XLM-R Base's size, with a profile.

python benchmarks/gpu.py [--layers 12] [--steps 100]
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import torch
from machine import describe
from torch.profiler import ProfilerActivity, profile
from torch.utils.flop_counter import FlopCounterMode

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow"))

from realign.encoders.checkpoint import load_encoder, write_pretrained_manifest
from realign.encoders.devices import each_tensor, has_fast_bfloat16, pick_device, seed_everything
from realign.encoders.e5 import packaged_file, read_e5
from realign.encoders.lab import build_tokenizer
from realign.encoders.words import WordTokenizer
from realign.realignment.linked_bitext import LinkedPair
from realign.realignment.losses import contrastive
from realign.realignment.objective import RealignmentObjective
from realign.tasks import pos
from realign.tasks.tagging import model as tagging
from realign.tasks.tagging.data import TokenData
from realign.text.bitext import read_moses
from realign.text.labels import UPOS
from realign.training.loop import Objective, Plan, train

LAB = Path(__file__).parents[1] / "lab"
LENGTH = 96
MATRIX = {"cuda": 8192, "cpu": 2048}


def write_encoder(folder: Path, layers: int) -> None:
    """An encoder of XLM-R Base's size with random weights, and XLM-R's vocabulary."""
    from transformers import XLMRobertaConfig, XLMRobertaModel

    e5 = read_e5(packaged_file())
    config = XLMRobertaConfig(
        vocab_size=len(e5.pieces),
        num_hidden_layers=layers,
        max_position_embeddings=514,
        type_vocab_size=1,
        pad_token_id=1,
    )
    XLMRobertaModel(config, add_pooling_layer=False).save_pretrained(folder)
    build_tokenizer(e5.pieces, e5.scores).save(str(folder / "tokenizer.json"))
    write_pretrained_manifest(folder, model="random", inputs=[])


def objectives(folder: Path) -> Iterator[tuple[str, torch.nn.Module, Objective]]:
    """Both trainings on the lab's text: 32 sentences a step, and 16 sentence pairs a step, linked word by word."""
    rng = seed_everything(0)
    sentences = list(pos.read(LAB / "treebank/en-train.conllu", UPOS))
    labels = [[UPOS.index(label) for label in sentence.labels] for sentence in sentences]
    data = TokenData([sentence.tokens for sentence in sentences], labels, list(UPOS))
    tagger = tagging.load(folder, pick_device(), data.label_names)
    yield "fine-tuning", tagger, tagging.objective(tagger, folder, data, max_length=LENGTH, batch_size=32, rng=rng)
    encoder, tokenizer = load_encoder(folder, pick_device()), WordTokenizer(folder, LENGTH)
    yield "realignment", encoder, RealignmentObjective(encoder, tokenizer, linked_batches(), contrastive.loss)


def linked_batches() -> Iterator[list[LinkedPair]]:
    """Endless batches of 16 pairs of the lab's bitext; which words are linked does not matter for the time."""
    pairs = list(read_moses(LAB / "bitext/train.en.txt", LAB / "bitext/train.fr.txt"))
    linked = [(pair, [(n, n) for n in range(min(len(pair.source), len(pair.target)))]) for pair in pairs]
    while True:
        for start in range(0, len(linked) - 15, 16):
            yield linked[start : start + 16]


def peak() -> float:
    """Floating-point operations a second, as measured for a large matrix product in the precision of the training."""
    device = pick_device()
    size = MATRIX[device.type]
    matrix = torch.randn(size, size, device=device)
    low = matrix.bfloat16() if has_fast_bfloat16(device) else matrix
    with torch.inference_mode():
        seconds = timed(lambda: [low @ low for _ in range(10)])
    return 10 * 2 * size**3 / seconds


def timed(work: Callable[[], object]) -> float:
    """Seconds of the second of two calls, with all of the GPU's work."""
    for _ in range(2):
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        start = time.monotonic()
        work()
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        seconds = time.monotonic() - start
    return seconds


def work_of(objective: Objective, steps: int) -> tuple[int, int]:
    """Sub-words without padding, and floating-point operations forward and backward, of `steps` batches."""
    device = pick_device()
    tokens = 0
    with FlopCounterMode(display=False) as counter:
        for draw in islice(objective.draws, steps):
            batch = objective.prepare(draw)
            tokens += int(batch.mask.sum())
            objective.loss(each_tensor(lambda tensor: tensor.to(device), batch)).backward()
    return tokens, counter.get_total_flops()


def main() -> None:
    """Print the table and the profiles."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--layers", type=int, default=12)
    parser.add_argument("--steps", type=int, default=100)
    options = parser.parse_args()
    device, best = pick_device(), peak()
    name = torch.cuda.get_device_name() if device.type == "cuda" else "CPU"
    print(describe(), f"{name}: {best / 1e12:.2f} Tflop/s in large matrix products", "", sep="\n")
    print("| training | sub-words a second | share of the peak |", "| --- | --- | --- |", sep="\n")
    profiles = []
    activities = [ProfilerActivity.CPU] + [ProfilerActivity.CUDA] * (device.type == "cuda")
    with tempfile.TemporaryDirectory() as folder:
        write_encoder(Path(folder), options.layers)
        for training, model, objective in objectives(Path(folder)):
            plan = Plan(1e-5, options.steps)
            tokens, operations = work_of(objective, options.steps)
            seconds = timed(lambda model=model, objective=objective, plan=plan: train(model, objective, plan))
            rate, share = tokens / seconds, operations / seconds / best
            print(f"| {training} | {rate:,.0f} | {share:.1%} |", flush=True)
            with profile(activities=activities) as record:
                train(model, objective, Plan(1e-5, min(10, options.steps)))
            column = "self_device_time_total" if device.type == "cuda" else "self_cpu_time_total"
            profiles.append((training, record.key_averages().table(sort_by=column, row_limit=12)))
    for training, table in profiles:
        print("", training, table, sep="\n")


if __name__ == "__main__":
    main()
