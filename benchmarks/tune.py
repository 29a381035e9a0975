"""Choose the settings of both trainings on development parts of the training data.

    python benchmarks/tune.py results/models/e5-6      # after a run; never reads a test set

Fine-tuning: every tenth English training sentence is held out, the rest trains. Realignment: alignment is measured on
the last fifth of the training bitext while the rest realigns, and the realigned encoder is fine-tuned for two epochs.
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import torch

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow"))

from realign.devices import pick_device, seed_everything
from realign.measuring import measure_alignment
from realign.steps import finetuning_steps
from realign.tasks.data import TokenData, read_token_data

from realign.encoders.checkpoint import load_encoder, load_tagger
from realign.encoders.words import WordTokenizer
from realign.finetuning import TaggingObjective, predict
from realign.realignment import LinkedBitextFile, RealignmentObjective, mixed_batches
from realign.tasks.metrics import metric_value, sentence_counts
from realign.text.pharaoh import read_linked_bitext
from realign.training import Plan, train

LANGUAGES = ("ar", "es", "fr", "ru", "zh")
REALIGNMENTS = [(0, 0.0), (30, 1e-4), (30, 2e-4), (30, 4e-4), (45, 2e-4)]
AFTER_REALIGNMENT = (2, 32, 4e-4)
CHOICES = [(1, 32, 4e-4), (1, 32, 8e-4), (1, 16, 4e-4), (1, 16, 8e-4), (2, 32, 2e-4), (2, 32, 4e-4), (2, 32, 8e-4)]


def part(data: TokenData, chosen: list[int]) -> TokenData:
    """Some of the sentences."""
    return TokenData([data.tokens[i] for i in chosen], [data.labels[i] for i in chosen], data.label_names)


def realign(model: Path, steps: int, learning_rate: float, folder: Path) -> tuple[dict[str, torch.Tensor], float]:
    """Weights after realignment on four fifths of the bitext, and the mean weak alignment on the rest."""
    order = seed_everything(1)
    encoder, tokenizer = load_encoder(model, pick_device()), WordTokenizer(model, 96)
    files, held_out = [], []
    for language in LANGUAGES:
        sides = []
        for kind in ("bitext", "pairs/dictionary"):
            lines = Path(f"results/{kind}/train/en-{language}.txt").read_text(encoding="utf-8").splitlines(True)
            cut = len(lines) * 4 // 5
            path = folder / f"{kind.replace('/', '-')}-{language}"
            path.write_text("".join(lines[:cut]), encoding="utf-8")
            path.with_suffix(".held-out").write_text("".join(lines[cut:]), encoding="utf-8")
            sides.append(path)
        files.append(LinkedBitextFile(*sides))
        held_out.append([side.with_suffix(".held-out") for side in sides])
    if steps > 0:
        batches = mixed_batches(files, 16, order)
        train(encoder, RealignmentObjective(encoder, tokenizer, batches), Plan(learning_rate, steps))
    encoder.eval()
    scores = [
        next(
            row.score
            for row in reversed(measure_alignment(encoder, tokenizer, read_linked_bitext(*sides), max_pairs=5000))
            if row.kind == "weak" and row.direction == "forward"
        )
        for sides in held_out
    ]
    return encoder.state_dict(), sum(scores) / len(scores)


def development_accuracy(
    model: Path, epochs: int, batch_size: int, learning_rate: float, encoder: dict[str, torch.Tensor] | None = None
) -> float:
    """Accuracy on the held-out tenth after training on the rest, from other encoder weights if given."""
    data = read_token_data(Path("results/tasks/pos/en/train.parquet"))
    numbers = range(len(data.tokens))
    training = part(data, [i for i in numbers if i % 10 != 9])
    development = part(data, [i for i in numbers if i % 10 == 9])
    order = seed_everything(1)
    tagger, tokenizer = load_tagger(model, pick_device(), data.label_names), WordTokenizer(model, 96)
    if encoder is not None:
        tagger.base_model.load_state_dict(encoder)
    steps = finetuning_steps(len(training.tokens), batch_size, epochs)
    objective = TaggingObjective(tagger, tokenizer, training, batch_size, order)
    train(tagger, objective, Plan(learning_rate, steps, 0.1, "linear"))
    predicted = predict(tagger, tokenizer, development.tokens, batch_size=32)
    return metric_value(sentence_counts("pos", predicted, development))


if __name__ == "__main__":
    torch.set_num_threads(1)
    for folder in map(Path, sys.argv[1:]):
        print("| model | epochs | batch | fine-tuning rate | accuracy |", "| --- " * 5 + "|", sep="\n")
        for epochs, batch_size, rate in CHOICES:
            accuracy = development_accuracy(folder, epochs, batch_size, rate)
            print(f"| {folder.name} | {epochs} | {batch_size} | {rate:g} | {accuracy:.3f} |", flush=True)
        print(
            "\n| model | steps | realignment rate | held-out weak alignment | accuracy |", "| --- " * 5 + "|", sep="\n"
        )
        for steps, realignment_rate in REALIGNMENTS:
            with TemporaryDirectory() as name:
                weights, alignment = realign(folder, steps, realignment_rate, Path(name))
            accuracy = development_accuracy(folder, *AFTER_REALIGNMENT, encoder=weights)
            print(f"| {folder.name} | {steps} | {realignment_rate:g} | {alignment:.3f} | {accuracy:.3f} |", flush=True)
