"""Measure what the measures of alignment cost, in CPU seconds of one job of the default experiment, after it has run.

    python benchmarks/measures.py

Each number is the median over the lab's languages of one pass over the held-out bitext, with one thread.
"""

import sys
import time
from pathlib import Path
from statistics import median

import torch
from machine import describe

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow"))

from realign.alignment.measuring import MeasuringSettings, measure_alignment
from realign.alignment.registry import MEASURES
from realign.encoders.checkpoint import load_encoder
from realign.encoders.words import WordTokenizer
from realign.text.pharaoh import read_linked_bitext

RESULTS, LANGUAGES, REPEATS = Path("results"), ("ar", "es", "fr", "ru", "zh"), 3
CHOICES = {"weak, strong": ["weak", "strong"], **{row.name: [row.name] for row in MEASURES[2:]}, "all": None}


def settings(names: list[str] | None) -> MeasuringSettings:
    """The settings of some measures, or of all."""
    chosen = [row for row in MEASURES if names is None or row.name in names]
    words, sentences = ({row.name: row.module for row in chosen if row.unit == unit} for unit in ("word", "sentence"))
    return MeasuringSettings(words, max_word_pairs=5000, sentence_measures=sentences)


def seconds(model: str, names: list[str] | None) -> float:
    """CPU seconds of measuring one language."""
    folder, spent = RESULTS / "models" / model, []
    encoder, tokenizer = load_encoder(folder, torch.device("cpu")).eval(), WordTokenizer(folder, 256)
    for language in LANGUAGES:
        files = RESULTS / f"bitext/test/en-{language}.txt", RESULTS / f"links/dictionary/test/en-{language}.txt"
        linked = list(read_linked_bitext(*files))
        for _ in range(REPEATS):
            start = time.process_time()
            measure_alignment(encoder, tokenizer, linked, settings(names))
            spent.append(time.process_time() - start)
    return median(spent)


if __name__ == "__main__":
    torch.set_num_threads(1)
    print(describe(), "", "| measures | e5-3 | e5-6 |", "| --- | --: | --: |", sep="\n")
    for choice, names in CHOICES.items():
        print(f"| {choice} | " + " | ".join(f"{seconds(model, names):.2f}" for model in ("e5-3", "e5-6")) + " |")
