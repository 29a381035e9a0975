"""Measure how many raw sentence pairs a second are segmented, with one thread and with two.

    python benchmarks/tokenise.py          # 20,000 pairs
    python benchmarks/tokenise.py 100000

The pairs are the lab's bitext for training, written as raw text and repeated.
"""

import sys
import time
from contextlib import redirect_stderr
from io import StringIO
from itertools import cycle, islice
from pathlib import Path
from tempfile import TemporaryDirectory

from machine import describe

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow"))

from realign.text.raw_bitext import tokenise_bitext

BITEXT = Path(__file__).parents[1] / "lab/bitext"


def raw_sentences(language: str) -> list[str]:
    """The sentences of the lab as one writes them: without spaces in Chinese, none before points elsewhere."""
    from sacremoses import MosesDetokenizer

    lines = (BITEXT / f"train.{language}.txt").read_text(encoding="utf-8").splitlines()
    if language == "zh":
        return [line.replace(" ", "") for line in lines]
    detokenizer = MosesDetokenizer(language)
    return [detokenizer.detokenize(line.split()) for line in lines]


def seconds(raw: Path, language: str, threads: int) -> float:
    """Seconds to segment a file, the loading of dictionaries included."""
    start = time.monotonic()
    with redirect_stderr(StringIO()):
        tokenise_bitext(raw, "en", language, raw.with_suffix(".bitext"), threads)
    return time.monotonic() - start


if __name__ == "__main__":
    pairs = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    print(describe(), "", "| languages | pairs | threads | seconds | lines a second |", "| --- " * 5 + "|", sep="\n")
    with TemporaryDirectory() as folder:
        for language in ("ar", "zh", "fr"):
            raw = Path(folder) / f"en-{language}.tsv"
            sentences = zip(raw_sentences("en"), raw_sentences(language), strict=True)
            lines = ["\t".join(pair) + "\n" for pair in sentences]
            raw.write_text("".join(islice(cycle(lines), pairs)), encoding="utf-8")
            for threads in (1, 2):
                spent = seconds(raw, language, threads)
                print(f"| en-{language} | {pairs:,} | {threads} | {spent:.1f} | {pairs / spent:,.0f} |", flush=True)
