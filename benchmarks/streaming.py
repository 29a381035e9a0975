"""Measure lines a second and peak memory of every stage that reads bitext, at OPUS-100's size.

    python benchmarks/streaming.py            # a million pairs; needs results/models/e5-3 of the default run
    python benchmarks/streaming.py 100000

The text consists of invented words that follow Zipf's law, each with one translation, and of punctuation that a
tokeniser has to split. It says nothing about quality. Every stage runs in a process of its own.
"""

import resource
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from machine import describe

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow"))

from realign.aligners.registry import FastAlignSettings

HOME = Path(__file__).parents[1]
TYPES = 200_000
ENCODER = HOME / "results/models/e5-3"
RUN = """
import resource, sys; sys.path.insert(0, {path!r})
from pathlib import Path
{code}
peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
print(peak / 1024)
"""
STAGES = {
    "tokenise": """
from realign.text.raw_bitext import tokenise_bitext
tokenise_bitext(Path('raw'), 'en', 'de', Path('bitext'))
""",
    "align, dictionary": """
from realign.aligners.dictionary import align
from realign.aligners.inputs import AlignerInputs
align(AlignerInputs(Path('bitext'), dictionary=Path('dictionary')), Path('dictionary.links'), {})
""",
    "align, fastalign": f"""
from realign.aligners.both_directions import align
from realign.aligners.inputs import AlignerInputs
align(AlignerInputs(Path('bitext'), threads=2), Path('fastalign.links'), {FastAlignSettings().model_dump()})
""",
    "index five languages, realign 20 steps": f"""
import torch; torch.set_num_threads(1)
from realign.encoders.checkpoint import load_encoder
from realign.encoders.devices import pick_device, seed_everything
from realign.realignment.linked_bitext import pair_files
from realign.realignment.objective import RealignmentSettings, realignment_objective
from realign.training.loop import Plan, train
folder = Path({str(ENCODER)!r})
rng = seed_everything(1)
encoder = load_encoder(folder, pick_device())
files = pair_files(['bitext'] * 5, ['dictionary.links'] * 5)
settings = RealignmentSettings('realign.realignment.losses.contrastive')
train(encoder, realignment_objective(encoder, folder, files, settings, rng), Plan(1e-5, 20))
""",
}


def generate(folder: Path, lines: int) -> None:
    """Write raw pairs of 4 to 25 words with punctuation, and a dictionary of half of the words."""
    rng = np.random.default_rng(0)
    consonants, vowels = "bdfgklmnprstvz", "aeiou"
    syllables = [c + v for c in consonants for v in vowels]

    def word(number: int, ending: str) -> str:
        parts = []
        while number or not parts:
            number, rest = divmod(number, len(syllables))
            parts.append(syllables[rest])
        return "".join(parts) + ending

    sources = [word(number, "") for number in range(TYPES)]
    targets = [word(number, "en") for number in range(TYPES)]
    with open(folder / "raw", "w", encoding="utf-8") as out:
        for length in rng.integers(4, 26, size=lines):
            chosen = np.minimum(rng.zipf(1.25, size=length), TYPES) - 1
            left, right = " ".join(sources[n] for n in chosen), " ".join(targets[n] for n in chosen)
            out.write(f"{left.capitalize()}, yes.\t{right.capitalize()}, ja.\n")
    with open(folder / "dictionary", "w", encoding="utf-8") as out:
        out.writelines(f"{sources[n]}\t{targets[n]}\n" for n in range(0, TYPES, 2))


def measure(code: str, folder: Path) -> tuple[float, float]:
    """Seconds and peak MiB of one stage."""
    start = time.monotonic()
    command = [sys.executable, "-c", RUN.format(path=str(HOME / "workflow"), code=code)]
    finished = subprocess.run(
        command, cwd=folder, check=True, stderr=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
    )
    return time.monotonic() - start, float(finished.stdout.split()[-1])


if __name__ == "__main__":
    pairs = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    print(describe(), "", "| stage | lines | seconds | lines a second | peak MiB |", "| --- " * 5 + "|", sep="\n")
    with TemporaryDirectory() as name:
        generate(Path(name), pairs)
        for stage, code in STAGES.items():
            seconds, peak = measure(code, Path(name))
            read = 5 * pairs if stage.startswith("index") else pairs
            print(f"| {stage} | {read:,} | {seconds:.0f} | {read / seconds:,.0f} | {peak:,.0f} |", flush=True)
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20 < 6, "a stage took more than 6 GiB"
