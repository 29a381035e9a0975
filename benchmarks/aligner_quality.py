"""Judge the aligners on the lab's hand-made links, with the seconds that each takes.

    python benchmarks/aligner_quality.py [--encoder DIRECTORY --layer N] [--eflomal-align PROGRAM]

Every aligner links the lines with hand-made links; those that need statistics are given the training bitext with them.
`--encoder` adds AWESOME with the states of an encoder, such as results/models/e5-6, and `--eflomal-align` the program
of the package `eflomal`, twice, since it takes no seed.
"""

import argparse
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from machine import describe

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow"))

from realign.aligners import both_directions, dictionary, eflomal
from realign.aligners.inputs import AlignerInputs
from realign.aligners.judging import Counts, judge
from realign.aligners.programs.atools import symmetrize
from realign.aligners.registry import AwesomeSettings, EflomalSettings, FastAlignSettings
from realign.text.bitext import read_bitext
from realign.text.pharaoh import format_links, read_links

LAB = Path(__file__).parents[1] / "lab"
LANGUAGES = ("ar", "es", "fr", "ru", "zh")
Align = Callable[[AlignerInputs, Path], None]


def training_bitext(language: str, folder: Path) -> Path:
    """The lab's training bitext in fast_align's format."""
    sides = [(LAB / f"bitext/train.{one}.txt").read_text(encoding="utf-8").splitlines() for one in ("en", language)]
    path = folder / f"train-{language}"
    path.write_text("".join(f"{one} ||| {other}\n" for one, other in zip(*sides, strict=True)), encoding="utf-8")
    return path


def original_eflomal(program: str) -> Align:
    """The program `eflomal-align`, whose directions are combined as ours are."""

    def align(inputs: AlignerInputs, links: Path) -> None:
        pairs = [pair for path in (inputs.bitext, *inputs.context) for pair in read_bitext(path)]
        lines = sum(1 for _ in read_bitext(inputs.bitext))
        with TemporaryDirectory() as name:
            corpus, *sides = (Path(name, part) for part in ("corpus", "forward", "reverse"))
            corpus.write_text("".join(f"{' '.join(one)} ||| {' '.join(other)}\n" for one, other in pairs))
            options = ["-i", corpus, "-f", sides[0], "-r", sides[1], "--model", "3", "--overwrite"]
            subprocess.run([program, *options], check=True, capture_output=True)
            both = list(zip(*(read_links(side) for side in sides), strict=True))[:lines]
        links.write_text(
            "".join(format_links(sorted(symmetrize(*pair, "grow-diag-final-and"))) + "\n" for pair in both)
        )

    return align


def aligners(options: argparse.Namespace) -> dict[str, Align]:
    """Every aligner by name."""
    found: dict[str, Align] = {
        "dictionary": lambda inputs, links: dictionary.align(inputs, links, {}),
        "fastalign": lambda inputs, links: both_directions.align(inputs, links, FastAlignSettings().model_dump()),
    }
    for seed in (1, 2):
        row = EflomalSettings(seed=seed).model_dump()
        found[f"eflomal, seed {seed}"] = lambda inputs, links, row=row: eflomal.align(inputs, links, row)
    if options.eflomal_align:
        for time_ in ("first", "second"):
            found[f"package eflomal, {time_} time"] = original_eflomal(options.eflomal_align)
    if options.encoder:
        from realign.aligners import awesome

        row = AwesomeSettings(layer=options.layer).model_dump()
        found[f"awesome, {options.encoder.name}"] = lambda inputs, links: awesome.align(inputs, links, row)
    return found


def total(counts: list[Counts]) -> Counts:
    """The counts over all languages."""
    return Counts(*(sum(column) for column in zip(*counts, strict=True)))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--encoder", type=Path)
    parser.add_argument("--layer", type=int, default=6)
    parser.add_argument("--eflomal-align")
    options = parser.parse_args()
    head = ["aligner", *LANGUAGES, "AER", "precision", "recall", "seconds"]
    print(describe(), "", "| " + " | ".join(head) + " |", "| --- |" + " --- |" * (len(head) - 1), sep="\n")
    for name, align in aligners(options).items():
        counts, start = [], time.monotonic()
        for language in LANGUAGES:
            with TemporaryDirectory() as folder:
                bitext, links = LAB / f"gold_links/en-{language}.bitext.txt", Path(folder, "links")
                lexicon = LAB / f"dictionary/en-{language}.txt"
                context = (training_bitext(language, Path(folder)),)
                if name.startswith(("dictionary", "awesome")):
                    context = ()
                align(AlignerInputs(bitext, context, lexicon, options.encoder), links)
                counts.append(judge(bitext, links, LAB / f"gold_links/en-{language}.links.txt"))
        seconds, all_of_them = time.monotonic() - start, total(counts)
        numbers = [*(one.aer for one in counts), all_of_them.aer, all_of_them.precision, all_of_them.recall]
        print(f"| {name} | " + " | ".join(f"{number:.3f}" for number in numbers) + f" | {seconds:.0f} |", flush=True)
