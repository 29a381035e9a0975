"""A small study on its own data in its own folder, and what Snakemake would run in it after a change."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

import forked
from realign.config.reading import read_config
from realign.encoders.e5 import E5File
from realign.encoders.lab import build_tokenizer, used_pieces, write_lab_encoder
from realign.experiment.experiment import Experiment

PROJECT = Path(__file__).parents[1]
STUDY = Path(__file__).parent / "study"

# the default profile's settings with Snakemake's plain log, whose job list can be read by a program
PLAIN = ["--workflow-profile", "none", "--rerun-triggers", "input", "mtime", "params", "software-env"]


def recipe(method: str = "before-dictionary", task: str = "pos", **changes: Any) -> str:
    """The recipe of a method's realigned encoder in the study, after a change of top-level keys of its config."""
    content = yaml.safe_load((STUDY / "config.yaml").read_text(encoding="utf-8"))
    experiment = Experiment(read_config(merged(content, changes)), PROJECT / "lab")
    return experiment.recipe_names["mine", method, task]


def merged(content: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """A config with top-level keys replaced, or merged where both sides are mappings."""
    both = {key: {**content[key], **value} for key, value in changes.items() if isinstance(value, dict)
            and isinstance(content.get(key), dict)}  # fmt: skip
    return {**content, **changes, **both}


def words_of_the_study() -> list[str]:
    """Every word of the study's texts, in order."""
    return [word for path in sorted(STUDY.rglob("*.txt")) for word in path.read_text(encoding="utf-8").split()]


def write_small_encoder(folder: Path, file: E5File, words: list[str]) -> None:
    """Two layers of the real encoder, with the sub-words of these words."""
    keep = used_pieces(build_tokenizer(file.pieces, file.scores), words)
    write_lab_encoder(file, folder, layers=2, keep=keep)


def build_study(home: Path, encoder: Path) -> "Study":
    """A copy of the workflow and of the study with an encoder, in which nothing has run."""
    (home / "project").mkdir(parents=True)
    for name in ("Snakefile", "workflow", "profiles", "lab", "experiments", "envs"):
        source = PROJECT / name
        if source.is_dir():
            shutil.copytree(source, home / "project" / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, home / "project" / name)
    shutil.copytree(STUDY, home / "study")
    shutil.copytree(encoder, home / "study" / "encoder")
    return Study(home / "project", home / "study")


@dataclass
class Study:
    """A copy of the project, a folder with a study, and the cache that its runs share, if any."""

    project: Path
    folder: Path
    cache: Path | None = None

    def command(self, *options: str) -> list[str]:
        snakefile = str(self.project / "Snakefile")
        return [sys.executable, "-m", "snakemake", "--snakefile", snakefile, *options]

    def snakemake(self, *options: str) -> subprocess.CompletedProcess[str]:
        return forked.snakemake(self.command(*options)[3:], self.folder, self.environment())

    def environment(self) -> dict[str, str]:
        """The environment of a run."""
        return environment() | ({"SNAKEMAKE_OUTPUT_CACHE": str(self.cache)} if self.cache else {})

    def run(self, *targets: str) -> None:
        finished = self.snakemake("-j4", *targets)
        assert finished.returncode == 0, finished.stdout[-3000:] + finished.stderr[-6000:]

    def planned(self, *targets: str) -> set[str]:
        """Outputs that a dry run would make again, without `results/` and in files of one per job."""
        finished = self.snakemake(*PLAIN, "--nolock", "-n", *targets)
        assert finished.returncode == 0, finished.stdout + finished.stderr
        outputs = re.findall(r"^ +output: (.+)$", finished.stdout + finished.stderr, flags=re.MULTILINE)
        return {line.split(", ")[0].removeprefix("results/") for line in outputs}

    def copy(self, folder: Path) -> "Study":
        """Another copy of the project and of the study, with its results and their times."""
        shutil.copytree(self.project, folder / "project")
        shutil.copytree(self.folder, folder / "study")
        return Study(folder / "project", folder / "study")

    def fresh(self, folder: Path, cache: Path | None = None) -> "Study":
        """A second folder with the study, in which nothing has run."""
        shutil.copytree(self.folder, folder, ignore=shutil.ignore_patterns("results", ".snakemake"))
        return replace(self, folder=folder, cache=cache)

    @contextmanager
    def changed_config(self, **changes: Any) -> Iterator[None]:
        """The config with top-level keys replaced, or merged where both sides are mappings."""
        path = self.folder / "config.yaml"
        before = path.read_text(encoding="utf-8")
        path.write_text(yaml.safe_dump(merged(yaml.safe_load(before), changes), sort_keys=False), encoding="utf-8")
        try:
            yield
        finally:
            path.write_text(before, encoding="utf-8")

    @contextmanager
    def replaced_config(self, **changes: Any) -> Iterator[None]:
        """The config with top-level keys replaced, mappings too."""
        with self.changed_config(**dict.fromkeys(changes)), self.changed_config(**changes):
            yield

    @contextmanager
    def changed_file(self, path: Path, old: str, new: str) -> Iterator[None]:
        """A file of the project or the study with `old` replaced by `new`, and its time restored afterwards."""
        before, times = path.read_text(encoding="utf-8"), path.stat()
        assert old in before
        path.write_text(before.replace(old, new, 1), encoding="utf-8")
        try:
            yield
        finally:
            path.write_text(before, encoding="utf-8")
            os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))

    def tables(self) -> dict[str, bytes]:
        """The bytes of every CSV of the results."""
        return {path.name: path.read_bytes() for path in sorted((self.folder / "results").glob("*.csv"))}


def environment() -> dict[str, str]:
    """This environment without what a surrounding run, or torch in the tests themselves, may have set."""
    others = ("PYTHONPATH", "SNAKEMAKE_OUTPUT_CACHE", "TORCHINDUCTOR_CACHE_DIR")
    return {key: value for key, value in os.environ.items() if key not in others}
