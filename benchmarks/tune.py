"""Choose epochs, batch size and learning rate of fine-tuning on a development part of the English training set.

    python benchmarks/tune.py results/models/e5-6      # after a run; never reads a test set

Every tenth training sentence is held out; the rest trains, with one thread.
"""

import sys
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow"))

from realign.devices import pick_device, seed_everything
from realign.encoders.checkpoint import load_tagger
from realign.encoders.words import WordTokenizer
from realign.finetuning import TaggingObjective, finetuning_steps, predict
from realign.tasks.data import TokenData, read_token_data
from realign.tasks.metrics import metric_value, sentence_counts
from realign.training import Plan, train

CHOICES = [(2, 32, 1e-4), (2, 32, 2e-4), (2, 32, 4e-4), (2, 16, 2e-4)]


def part(data: TokenData, chosen: list[int]) -> TokenData:
    """Some of the sentences."""
    return TokenData([data.tokens[i] for i in chosen], [data.labels[i] for i in chosen], data.label_names)


def development_accuracy(model: Path, epochs: int, batch_size: int, learning_rate: float) -> float:
    """Accuracy on the held-out tenth after training on the rest."""
    data = read_token_data(Path("results/tasks/pos/en/train.parquet"))
    numbers = range(len(data.tokens))
    training = part(data, [i for i in numbers if i % 10 != 9])
    development = part(data, [i for i in numbers if i % 10 == 9])
    order = seed_everything(1)
    tagger, tokenizer = load_tagger(model, pick_device(), data.label_names), WordTokenizer(model, 96)
    steps = finetuning_steps(len(training.tokens), batch_size, epochs)
    objective = TaggingObjective(tagger, tokenizer, training, batch_size, order)
    train(tagger, objective, Plan(learning_rate, steps, 0.1, "linear"))
    predicted = predict(tagger, tokenizer, development.tokens, batch_size=32)
    return metric_value(sentence_counts("pos", predicted, development))


if __name__ == "__main__":
    torch.set_num_threads(1)
    print("| model | epochs | batch | learning rate | development accuracy |", "| --- " * 5 + "|", sep="\n")
    for folder in map(Path, sys.argv[1:]):
        for epochs, batch_size, rate in CHOICES:
            accuracy = development_accuracy(folder, epochs, batch_size, rate)
            print(f"| {folder.name} | {epochs} | {batch_size} | {rate:g} | {accuracy:.3f} |", flush=True)
