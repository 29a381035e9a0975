"""The FastAlign aligner: both directions and grow-diag-final-and, by programs with fast_align's command line."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Sequence
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory

from realign.errors import InputError
from realign.text.bitext import format_pair, read_bitext
from realign.text.files import atomic_writer
from realign.text.pharaoh import format_links, read_linked_bitext

FAST_ALIGN = (sys.executable, "-m", "realign.aligners.fast_align")
"""The project's own executable; the original `fast_align` is a drop-in."""
ATOOLS = (sys.executable, "-m", "realign.aligners.atools")
"""The project's own executable; the original `atools` is a drop-in."""


def align(
    bitext: Path,
    pairs: Path,
    *,
    context: Sequence[Path] = (),
    fast_align: Sequence[str] = FAST_ALIGN,
    atools: Sequence[str] = ATOOLS,
    symmetrization: str = "grow-diag-final-and",
) -> None:
    """Write the symmetrised links of a bitext to `pairs`.

    Bitexts in `context` are aligned along with it, since statistics from a few lines are poor; their links are
    dropped. Raises `InputError` when a program is missing or fails, with the last line that it said.
    """
    with TemporaryDirectory(prefix="fastalign.") as name:
        folder = Path(name)
        corpus = folder / "corpus"
        lines = _concatenate([bitext, *context], corpus)
        if lines == 0:
            raise InputError(f"{bitext}: empty; there is nothing to align")
        options = ["-i", str(corpus), "-d", "-o", "-v"]
        _run([*fast_align, *options], folder / "forward")
        _run([*fast_align, *options, "-r"], folder / "reverse")
        directions = ["-i", str(folder / "forward"), "-j", str(folder / "reverse")]
        _run([*atools, *directions, "-c", symmetrization], folder / "links")
        with atomic_writer(pairs) as out:
            # reading the links with the bitext checks their number and range
            for number, (_, links) in enumerate(read_linked_bitext(corpus, folder / "links"), 1):
                if number <= lines:
                    out.write(format_links(links) + "\n")


def _concatenate(bitexts: Iterable[Path], corpus: Path) -> int:
    """Write all bitexts to one file; the number of lines of the first."""
    first, *others = (read_bitext(path) for path in bitexts)
    lines = 0
    with open(corpus, "w", encoding="utf-8") as out:
        for pair in first:
            out.write(format_pair(pair) + "\n")
            lines += 1
        out.writelines(format_pair(pair) + "\n" for pair in chain.from_iterable(others))
    return lines


def _run(command: Sequence[str], output: Path) -> None:
    """Run a program with its standard output in a file."""
    if shutil.which(command[0]) is None:
        raise InputError(
            f"{command[0]}: no such program on the PATH; it is configured as part of the fastalign aligner"
        )
    library = str(Path(__file__).parents[2])
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, [library, os.environ.get("PYTHONPATH")]))}
    with open(output, "wb") as out:
        finished = subprocess.run(command, stdout=out, stderr=subprocess.PIPE, env=environment, check=False)
    sys.stderr.write(finished.stderr.decode("utf-8", "replace"))
    if finished.returncode != 0:
        said = finished.stderr.decode("utf-8", "replace").strip().splitlines() or ["nothing"]
        raise InputError(f"{' '.join(command[:3])} failed with status {finished.returncode}; it said: {said[-1]}")
