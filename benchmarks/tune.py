"""Choose the settings of both trainings on development parts of the training data.

    python benchmarks/tune.py results/models/e5-6      # after a run; never reads a test set

Fine-tuning is scored on every tenth English training sentence and trains on the others. Realignment trains on the first
four fifths of the training bitext, and alignment is measured on the last fifth. The realigned encoder is fine-tuned for
two epochs.
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import torch

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow"))

from realign.alignment.measuring import MeasuringSettings, measure_alignment
from realign.encoders.checkpoint import base_encoder, load_encoder
from realign.encoders.devices import pick_device, seed_everything
from realign.encoders.words import WordTokenizer
from realign.realignment.linked_bitext import LinkedBitextFile
from realign.realignment.objective import RealignmentSettings, realignment_objective
from realign.tasks.metrics import accuracy
from realign.tasks.metrics.counts import metric_value
from realign.tasks.tagging import model as tagging
from realign.tasks.tagging.data import TokenData, read_examples
from realign.text.pharaoh import read_linked_bitext
from realign.training.loop import Plan, train
from realign.training.steps import finetuning_steps

LANGUAGES = ("ar", "es", "fr", "ru", "zh")
LENGTH = 96
REALIGNMENT = RealignmentSettings("realign.realignment.losses.contrastive", batch_size=16, max_length=LENGTH)
MEASURING = MeasuringSettings({"weak": "realign.alignment.measures.retrieval"}, max_word_pairs=5000)
REALIGNMENTS = [(0, 0.0), (30, 1e-4), (30, 2e-4), (30, 4e-4), (45, 2e-4)]
AFTER_REALIGNMENT = (2, 32, 4e-4)
CHOICES = [(1, 32, 4e-4), (1, 32, 8e-4), (1, 16, 4e-4), (1, 16, 8e-4), (2, 32, 2e-4), (2, 32, 4e-4), (2, 32, 8e-4)]


def part(data: TokenData, chosen: list[int]) -> TokenData:
    """Some of the sentences."""
    return TokenData([data.tokens[i] for i in chosen], [data.labels[i] for i in chosen], data.label_names)


def realign(model: Path, steps: int, learning_rate: float, folder: Path) -> tuple[dict[str, torch.Tensor], float]:
    """Weights after realignment on four fifths of the bitext, and the mean weak alignment on the rest."""
    rng = seed_everything(1)
    encoder, tokenizer = load_encoder(model, pick_device()), WordTokenizer(model, LENGTH)
    files, held_out = [], []
    for language in LANGUAGES:
        sides = []
        for kind in ("bitext", "links/dictionary"):
            lines = Path(f"results/{kind}/train/en-{language}.txt").read_text(encoding="utf-8").splitlines(True)
            cut = len(lines) * 4 // 5
            path = folder / f"{kind.replace('/', '-')}-{language}"
            path.write_text("".join(lines[:cut]), encoding="utf-8")
            path.with_suffix(".held-out").write_text("".join(lines[cut:]), encoding="utf-8")
            sides.append(path)
        files.append(LinkedBitextFile(*sides))
        held_out.append([side.with_suffix(".held-out") for side in sides])
    if steps > 0:
        objective = realignment_objective(encoder, model, files, REALIGNMENT, rng)
        train(encoder, objective, Plan(learning_rate, steps))
    encoder.eval()
    scores = []
    for sides in held_out:
        layers = measure_alignment(encoder, tokenizer, read_linked_bitext(*sides), MEASURING)
        scores.append([row.score for row in layers if row.direction == "forward"][-1])
    return encoder.state_dict(), sum(scores) / len(scores)


def development_accuracy(
    model: Path, epochs: int, batch_size: int, learning_rate: float, encoder: dict[str, torch.Tensor] | None = None
) -> float:
    """Accuracy on the held-out tenth after training on the rest, from other encoder weights if given."""
    data = read_examples(Path("results/examples/pos/en/train.parquet"))
    numbers = range(len(data))
    training = part(data, [i for i in numbers if i % 10 != 9])
    development = part(data, [i for i in numbers if i % 10 == 9])
    rng = seed_everything(1)
    tagger = tagging.load(model, pick_device(), data.label_names)
    if encoder is not None:
        base_encoder(tagger).load_state_dict(encoder)
    objective = tagging.objective(tagger, model, training, max_length=LENGTH, batch_size=batch_size, rng=rng)
    steps = finetuning_steps(len(training), batch_size, epochs)
    train(tagger, objective, Plan(learning_rate, steps, warmup=0.1, decay="linear"))
    predictions = tagging.predict(tagger, model, development, max_length=LENGTH, batch_size=32)
    return metric_value(tagging.count_examples(predictions, development, accuracy))


if __name__ == "__main__":
    torch.set_num_threads(1)
    for folder in map(Path, sys.argv[1:]):
        print("| model | epochs | batch | fine-tuning rate | accuracy |", "| --- " * 5 + "|", sep="\n")
        for epochs, batch_size, rate in CHOICES:
            share = development_accuracy(folder, epochs, batch_size, rate)
            print(f"| {folder.name} | {epochs} | {batch_size} | {rate:g} | {share:.3f} |", flush=True)
        print(
            "\n| model | steps | realignment rate | held-out weak alignment | accuracy |", "| --- " * 5 + "|", sep="\n"
        )
        for steps, realignment_rate in REALIGNMENTS:
            with TemporaryDirectory() as name:
                weights, alignment = realign(folder, steps, realignment_rate, Path(name))
            share = development_accuracy(folder, *AFTER_REALIGNMENT, encoder=weights)
            print(f"| {folder.name} | {steps} | {realignment_rate:g} | {alignment:.3f} | {share:.3f} |", flush=True)
