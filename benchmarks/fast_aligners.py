"""Compare programs that estimate FastAlign's model, or one like it, by seconds, memory and error on the lab's links.

    python benchmarks/fast_aligners.py [lines]

Each aligns both directions; `grow-diag-final-and` joins them. The generated text (benchmarks/aligners.py) has 20,000
lines or as many as are asked for. The error is that of all languages of the lab, each aligned with its training bitext.
What is not installed is left out: `pip install eflomal systran-align` (the latter has wheels for Python 3.11 and less),
and the original `fast_align` is taken from the PATH. Seconds are those of all processors.
"""

import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

from aligners import generate
from machine import describe

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow"))

from realign.aligners.both_directions import ATOOLS, FAST_ALIGN
from realign.aligners.judging import Counts, judge
from realign.text.bitext import read_bitext

PROJECT = Path(__file__).parents[1]
THOT = """
import sys
from thot.alignment import FastAlignModel
corpus, *outputs = sys.argv[1:]
sides = list(zip(*(line.split(" ||| ") for line in open(corpus))))
for name, side in zip("st", sides):
    open(name, "w").writelines(line.strip() + "\\n" for line in side)
for output, (condition, predicted), turn in zip(outputs, ("st", "ts"), (1, -1)):
    model = FastAlignModel()
    model.variational_bayes, model.fast_align_p0 = True, 0.08
    model.read_sentence_pairs(condition, predicted)
    model.start_training()
    for _ in range(5):
        model.train()
    model.end_training()
    words = [[line.split() for line in side] for side in sides][::turn]
    with open(output, "w") as out:
        for _, matrix in model.get_best_alignments(*words):
            links = [(i - 1, j)[::turn] for j, i in enumerate(matrix.to_list()) if i > 0]
            out.write(" ".join(f"{i}-{j}" for i, j in links) + "\\n")
"""
SYSTRAN = """
import sys, systran_align
corpus, forward, backward = sys.argv[1:]
systran_align.generate_alignment_probabilities(
    corpus, "probs.f", "probs.b", iterations=5, favor_diagonal=True, optimize_tension=True, variational_bayes=True)
aligner = systran_align.Aligner("probs.f", "probs.b")
with open(corpus) as lines, open(forward, "w") as one, open(backward, "w") as other:
    for line in lines:
        sides = [side.split() for side in line.split(" ||| ")]
        found = aligner.align(*sides)["alignments"]
        for out in (one, other):
            out.write(" ".join(f"{i}-{j}" for i, j in found) + "\\n")
"""
LANGUAGES = ("ar", "es", "fr", "ru", "zh")


def one_by_one(program: list[str]) -> Callable[[Path], None]:
    """Both directions by a program with fast_align's command line."""

    def run(folder: Path) -> None:
        for name, more in (("forward", []), ("reverse", ["-r"])):
            with open(folder / name, "wb") as out:
                command = [*program, "-i", "corpus", "-d", "-o", "-v", *more]
                subprocess.run(command, cwd=folder, stdout=out, stderr=subprocess.DEVNULL, check=True)

    return run


def of_file(*command: str) -> Callable[[Path], None]:
    """Both directions by one command, which ends with the names of corpus, links forward and links backward."""

    def run(folder: Path) -> None:
        subprocess.run(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)

    return run


def programs() -> Iterator[tuple[str, Callable[[Path], None]]]:
    """The programs that are installed."""
    yield "the default program", one_by_one(list(FAST_ALIGN))
    yield "sil-thot's FastAlign", of_file(sys.executable, "-c", THOT, "corpus", "forward", "reverse")
    if found := shutil.which("fast_align"):
        yield "fast_align, the original", one_by_one([found])
    if find_spec("systran_align"):
        yield "systran-align", of_file(sys.executable, "-c", SYSTRAN, "corpus", "forward", "reverse")
    eflomal = shutil.which("eflomal-align") or str(Path(sys.executable).with_name("eflomal-align"))
    if Path(eflomal).exists():
        yield "eflomal", of_file(eflomal, "-i", "corpus", "-f", "forward", "-r", "reverse", "--overwrite")


def spent(label: str, folder: Path) -> tuple[float, float]:
    """CPU seconds and MiB of a program's run, if this process runs nothing else."""
    dict(programs())[label](folder)
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def error(run: Callable[[Path], None], folder: Path) -> Counts:
    """The counts of all gold links of the lab."""
    total = [0] * len(Counts._fields)
    for language in LANGUAGES:
        gold = PROJECT / f"lab/gold_links/en-{language}"
        sides = [
            (PROJECT / f"lab/bitext/train.{side}.txt").read_text(encoding="utf-8").splitlines()
            for side in ("en", language)
        ]
        lines = [
            f"{' '.join(pair.source)} ||| {' '.join(pair.target)}" for pair in read_bitext(Path(f"{gold}.bitext.txt"))
        ]
        judged = len(lines)
        lines += [" ||| ".join(pair) for pair in zip(*sides, strict=True)]
        (folder / "corpus").write_text("\n".join(lines) + "\n", encoding="utf-8")
        run(folder)
        command = [*ATOOLS, "-i", "forward", "-j", "reverse", "-c", "grow-diag-final-and"]
        joined = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout
        (folder / "links").write_text("".join(joined.splitlines(keepends=True)[:judged]), encoding="utf-8")
        counts = judge(Path(f"{gold}.bitext.txt"), folder / "links", Path(f"{gold}.links.txt"))
        total = [one + other for one, other in zip(total, counts, strict=True)]
    return Counts(*total)


if __name__ == "__main__":
    size = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    paths = [str(PROJECT / "workflow"), *filter(None, [os.environ.get("PYTHONPATH")])]
    os.environ |= {"PYTHONPATH": os.pathsep.join(paths), "OMP_NUM_THREADS": "1"}
    print(describe(), "", f"| program | CPU seconds of {size:,} lines | MiB | AER |", sep="\n")
    print("| --- | --: | --: | --: |")
    for label, program in programs():
        with TemporaryDirectory() as name:
            generate(Path(name), size)
            shutil.move(Path(name, "bitext"), Path(name, "corpus"))
            with ProcessPoolExecutor(1) as process:
                seconds, peak = process.submit(spent, label, Path(name)).result()
            print(f"| {label} | {seconds:.1f} | {peak:.0f} | {error(program, Path(name)).aer:.3f} |", flush=True)
