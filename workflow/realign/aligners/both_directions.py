"""The FastAlign aligner: both directions and grow-diag-final-and, with programs that have fast_align's command line."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from io import TextIOWrapper
from itertools import chain
from pathlib import Path
from subprocess import PIPE
from tempfile import TemporaryDirectory
from typing import Any

from realign.aligners.inputs import AlignerInputs
from realign.aligners.programs import atools as own_atools
from realign.aligners.programs import fast_align as own_fast_align
from realign.errors import InputError
from realign.text.bitext import format_pair, read_bitext
from realign.text.files import atomic_writer
from realign.text.pharaoh import format_links, read_linked_bitext

# imported for their names alone, so that a stage's code digest follows them
FAST_ALIGN = (sys.executable, "-m", own_fast_align.__name__)
"""The project's own executable; the original `fast_align` is a drop-in."""
ATOOLS = (sys.executable, "-m", own_atools.__name__)
"""The project's own executable; the original `atools` is a drop-in."""


def align(inputs: AlignerInputs, links: Path, settings: Mapping[str, Any]) -> None:
    """Write the symmetrised links of a bitext to `links`; `settings` are those of the aligner's row."""
    program, symmetrizer = settings["program"] or FAST_ALIGN, settings["symmetrizer"] or ATOOLS
    link_both_ways(inputs, links, program, ["-d", "-o", "-v"], symmetrizer, settings["symmetrization"])


def link_both_ways(
    inputs: AlignerInputs,
    links: Path,
    program: Sequence[str],
    options: Sequence[str],
    symmetrizer: Sequence[str],
    symmetrization: str,
) -> None:
    """Write the symmetrised links that a program finds in both directions; it takes `-i`, `-r` and these `options`.

    Bitext in `inputs.context` is aligned along with it, since a few lines alone have poor statistics; its links are
    dropped. With two threads, both directions are aligned at once. Raises `InputError` when a program is missing or
    fails, with the last line that it printed.
    """
    bitext = inputs.bitext
    with TemporaryDirectory(prefix="align.") as name:
        folder = Path(name)
        corpus = folder / "corpus"
        lines = _concatenate([bitext, *inputs.context], corpus)
        if lines == 0:
            raise InputError(f"{bitext}: empty; there is nothing to align")
        with ThreadPoolExecutor(inputs.threads) as pool:
            runs = [
                pool.submit(_run, [*program, "-i", str(corpus), *options, *reverse], folder / direction)
                for direction, reverse in (("forward", []), ("reverse", ["-r"]))
            ]
        for run in runs:
            run.result()
        directions = ["-i", str(folder / "forward"), "-j", str(folder / "reverse")]
        _run([*symmetrizer, *directions, "-c", symmetrization], folder / "links")
        with atomic_writer(links) as out:
            # reading the links with the bitext checks their number and range
            for number, (_, found) in enumerate(read_linked_bitext(corpus, folder / "links"), 1):
                if number <= lines:
                    out.write(format_links(found) + "\n")


def _concatenate(bitexts: Iterable[Path], corpus: Path) -> int:
    """Write all bitexts to one file, and return the number of lines of the first."""
    first, *others = (read_bitext(path) for path in bitexts)
    lines = 0
    with open(corpus, "w", encoding="utf-8") as out:
        for pair in first:
            out.write(format_pair(pair) + "\n")
            lines += 1
        out.writelines(format_pair(pair) + "\n" for pair in chain.from_iterable(others))
    return lines


def _run(command: Sequence[str], output: Path) -> None:
    """Run a program with its standard output in a file; each line of its standard error is passed on at once."""
    if shutil.which(command[0]) is None:
        raise InputError(
            f"{command[0]}: no such program on the PATH; it is configured as part of the fastalign aligner"
        )
    library = str(Path(__file__).parents[2])
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, [library, os.environ.get("PYTHONPATH")]))}
    last = "nothing"
    with open(output, "wb") as out, subprocess.Popen(command, stdout=out, stderr=PIPE, env=environment) as program:
        for line in TextIOWrapper(program.stderr, encoding="utf-8", errors="replace"):  # type: ignore[type-var]
            print(f"{output.name}: {line.rstrip()}", file=sys.stderr)
            last = line.strip() or last
    if program.returncode != 0:
        raise InputError(f"{' '.join(command[:3])} failed with status {program.returncode}; it said: {last}")
