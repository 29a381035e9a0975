"""Compare the training loop with a plain one, on realignment steps with one thread: same encoder, pairs and loss.

    python benchmarks/realignment.py      # after a run: reads results/models, results/bitext and results/links

The plain loop is the procedure of Gaschi et al. (2023): one forward pass for each side, padded to the longest of the
batch, all hidden states, and Adam as torch has it on a processor. Seconds are those of the process's clock, so other
work on the machine counts little.
"""

import sys
import time
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

import torch
from machine import describe
from torch import Tensor, nn

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow"))

from realign.encoders.checkpoint import load_encoder
from realign.encoders.devices import autocast, pick_device, seed_everything
from realign.encoders.precision import Precision
from realign.encoders.words import NO_PIECE, WordTokenizer
from realign.realignment.linked_bitext import LinkedPair, mixed_batches, pair_files
from realign.realignment.objective import RealignmentSettings, realignment_objective
from realign.training.loop import Plan, train

STEPS, WARM, RATE, TEMPERATURE = 12, 2, 1e-5, 0.1
LOSS = "realign.realignment.losses.contrastive"


def files() -> list[tuple[str, str]]:
    """Bitext and links of every language."""
    links = sorted(Path("results/links/dictionary/train").glob("*.txt"))
    return [(f"results/bitext/train/{path.name}", str(path)) for path in links]


def plain_loss(encoder: nn.Module, tokenizer: WordTokenizer, batch: Sequence[LinkedPair]) -> Tensor:
    """The contrastive loss of linked words, one side at a time."""
    words, firsts, starts = [], [], [0]
    for side in range(2):
        collated = tokenizer.collate(tokenizer.encode([list(pair[side]) for pair, _ in batch]))
        states = encoder(input_ids=collated.ids, attention_mask=collated.mask, output_hidden_states=True).hidden_states
        for row, places in zip(states[-1], collated.first_pieces, strict=True):
            words.append(row[places[places != NO_PIECE]])
            starts.append(starts[-1] + len(words[-1]))
            firsts.append(places)
    size = len(batch)
    links = [
        (starts[number] + i, starts[size + number] + j)
        for number, (_, found) in enumerate(batch)
        for i, j in found
        if i < len(words[number]) and j < len(words[size + number])
    ]
    every, (source, target) = torch.cat(words).float(), torch.tensor(links).T
    queries, goals = torch.cat([source, target]), torch.cat([target, source])
    norms = every.norm(dim=1, keepdim=True)
    similarity = every[queries] @ every.T / norms[queries] / norms.T / TEMPERATURE
    similarity[torch.arange(len(queries)), queries] -= 1e6
    return nn.functional.nll_loss(similarity.log_softmax(dim=-1), goals)


def plain(folder: Path, batches: Iterator[list[LinkedPair]], precision: Precision) -> float:
    """Seconds a step of the plain loop."""
    encoder, tokenizer = load_encoder(folder, pick_device()).train(), WordTokenizer(folder, 96)
    optimizer = torch.optim.Adam(encoder.parameters(), lr=RATE)
    times = []
    for batch in islice(batches, STEPS):
        start = time.process_time()
        optimizer.zero_grad()
        with autocast(encoder.device, precision):
            loss = plain_loss(encoder, tokenizer, batch)
        loss.backward()
        optimizer.step()
        times.append(time.process_time() - start)
    return sum(times[WARM:]) / (STEPS - WARM)


def realign(folder: Path, precision: Precision) -> float:
    """Seconds a step of the project's loop."""
    rng = seed_everything(0)
    encoder = load_encoder(folder, pick_device())
    given = [list(column) for column in zip(*files(), strict=True)]
    objective = realignment_objective(encoder, folder, pair_files(*given), RealignmentSettings(LOSS), rng)
    times: list[float] = []
    prepare = objective.prepare

    def timed(draw: list[LinkedPair]) -> object:
        times.append(time.process_time())
        return prepare(draw)

    objective.prepare = timed  # type: ignore[method-assign, assignment]
    train(encoder, objective, Plan(RATE, STEPS), precision=precision)
    return (time.process_time() - times[WARM]) / (STEPS - WARM)


if __name__ == "__main__":
    torch.set_num_threads(1)
    print(describe(), "", "| encoder | precision | plain loop | this loop | ratio |", sep="\n")
    print("| --- | --- | --: | --: | --: |")
    for model in sorted(Path("results/models").glob("*")):
        for kind in ("float32", "bfloat16"):
            given = [list(column) for column in zip(*files(), strict=True)]
            batches = mixed_batches(pair_files(*given), 16, seed_everything(0))
            before, now = plain(model, batches, kind), realign(model, kind)  # type: ignore[arg-type]
            print(f"| {model.name} | {kind} | {before:.3f} | {now:.3f} | {before / now:.2f} |", flush=True)
