"""Check everything under `results/` against its manifests and recorded sha256: `workflow/verify [FOLDER]`.

It only reads. It lists what is damaged or missing, and what to delete so that the next run remakes it.
"""

import json
import os
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from realign.experiment.paths import CHECKPOINT_FILES
from realign.jobs.parsers import command_parser
from realign.text.files import RESULTS, SUMS, sha256_of

MANIFEST, WEIGHTS = CHECKPOINT_FILES["manifest"], CHECKPOINT_FILES["weights"]


@dataclass(frozen=True)
class Claim:
    """The expected sha256 of a file, and what to delete if the file differs."""

    path: Path
    sha256: str
    delete: Path
    may_be_missing: bool = False

    def defect(self) -> str | None:
        """What is wrong, in one line, or None."""
        try:
            found = sha256_of(self.path)
        except FileNotFoundError:
            return None if self.may_be_missing else f"{self.path}: missing; delete {self.delete}"
        except OSError as error:
            return f"{self.path}: cannot be read ({error.strerror}); delete {self.delete}"
        return None if found == self.sha256 else f"{self.path}: damaged; delete {self.delete}"


def claims(results: Path) -> Iterator[Claim]:
    """The expected sha256 of all files under `results`, except links into a shared cache, which its owner can verify.

    Weights may be missing, because `storage.keep` drops them. Other missing artifacts are not reported, because the
    next run makes them.
    """
    sums = results / SUMS
    for record in sorted(path for path in sums.rglob("*") if path.is_file() and not path.name.endswith(".tmp")):
        path = results / record.relative_to(sums)
        if path.exists() and not path.is_symlink():
            yield Claim(path, record.read_text(encoding="ascii", errors="replace").strip(), path)
    for manifest in sorted(path for path in results.rglob(MANIFEST) if SUMS not in path.parts):
        try:
            said = json.loads(manifest.read_text(encoding="utf-8"))
            files = {WEIGHTS: said["weights_sha256"], **said.get("files", {})}
        except (OSError, ValueError, KeyError, TypeError):
            yield Claim(manifest, "a manifest", manifest)
            continue
        for name, expected in files.items():
            yield Claim(manifest.with_name(name), str(expected), manifest, may_be_missing=name == WEIGHTS)


def verify_results(results: Path) -> tuple[int, list[str]]:
    """The number of files checked, and a line for each damaged one; progress goes to standard error."""
    checked, defects, said = 0, [], time.monotonic()
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        for defect in threads.map(Claim.defect, claims(results)):
            checked += 1
            if defect:
                defects.append(defect)
            if time.monotonic() - said > 5:
                said = time.monotonic()
                print(f"{checked:,} files checked", file=sys.stderr)
    return checked, sorted(set(defects))


def main(arguments: Sequence[str] | None = None) -> None:
    """Print what is damaged in a study; the exit status is 1 if anything is."""
    said = "Check every file of a study's results against its records, and name what is damaged."
    parser = command_parser("verify", said, "realign verify", "realign verify path/to/study")
    parser.add_argument("folder", type=Path, nargs="?", default=Path(), help="where snakemake runs (default: here)")
    results = parser.parse_args(arguments).folder / RESULTS
    if not results.is_dir():
        sys.exit(f"{results}: no such folder; nothing has run here")
    checked, defects = verify_results(results)
    print(*defects, f"{checked:,} files checked, {len(defects)} damaged or missing", sep="\n")
    if defects:
        print("Delete exactly the files named above, and run snakemake again to remake them.")
        sys.exit(1)
