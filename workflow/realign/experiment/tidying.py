"""Find what a study no longer needs, and delete it on request: `workflow/tidy [--configfile FILE] [--delete]`.

That is: encoders that the config no longer names, and the saved states of trainings that nothing will continue.
"""

import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from realign.config.reading import check_config_file, read_config
from realign.errors import InputError
from realign.experiment.experiment import Experiment
from realign.experiment.paths import CHECKPOINT_FILES
from realign.experiment.project import project_folder
from realign.jobs.locks import is_held
from realign.jobs.parsers import command_parser
from realign.text.files import RESULTS, SUMS

MANIFEST = CHECKPOINT_FILES["manifest"]
LOCK = Path(".snakemake/realign.lock")
PLACES = {"models": "*", "realigned": "*/*/seed*", "finetuned": "*/*/*/seed*"}
"""Where checkpoints lie under `results/`."""


@dataclass(frozen=True)
class Leftover:
    """A folder that can be deleted, and why."""

    folder: Path
    why: str

    @property
    def size(self) -> int:
        """Bytes that deleting it frees; links into a shared cache free nothing."""
        return sum(path.lstat().st_size for path in self.folder.rglob("*") if path.is_file() and not path.is_symlink())

    def delete(self) -> None:
        """Delete it, and the sums recorded for its files."""
        shutil.rmtree(self.folder)
        results = next(parent for parent in self.folder.parents if parent.name == RESULTS)
        shutil.rmtree(results / SUMS / self.folder.relative_to(results), ignore_errors=True)


def checkpoints(experiment: Experiment) -> set[str]:
    """The folders of all encoders of an experiment."""
    paths, seeds = experiment.paths, experiment.seeds
    found = {paths.model.format(model=model) for model in experiment.config.encoders}
    for (model, _, _), recipe in experiment.recipe_names.items():
        found |= {paths.realigned.format(model=model, recipe=recipe, seed=seed) for seed in seeds}
    for model, variant, task in experiment.finetunings():
        found |= {paths.finetuned.format(model=model, variant=variant, task=task, seed=seed) for seed in seeds}
    return found


def leftovers(study: Path, experiment: Experiment, *, states: bool = False) -> Iterator[Leftover]:
    """What can be deleted in the folder of a study, in order; with `states`, also states that a run would continue."""
    wanted = {study / folder for folder in checkpoints(experiment)}
    for place, pattern in PLACES.items():
        for folder in sorted((study / RESULTS / place).glob(pattern)):
            if not folder.name.startswith(".") and folder.is_dir() and folder not in wanted:
                yield Leftover(folder, "not in the config")
    for state in sorted((study / RESULTS).rglob(".*.state")):
        training = state.with_name(state.name.removeprefix(".").removesuffix(".state"))
        if training not in wanted:
            yield Leftover(state, "the state of a training that is not in the config")
        elif (training / MANIFEST).exists():
            yield Leftover(state, "the state of a training that has finished")
        elif states:
            yield Leftover(state, "the state of an unfinished training, which the next run would continue")


def tidy(config: Path, *, states: bool, delete: bool) -> Iterator[str]:
    """Lines that say what is left over, or was deleted; raises `InputError` for an invalid config or during a run."""
    check_config_file(config)
    if delete and is_held(LOCK):
        raise InputError("a run is at work in this folder; wait for it or stop it")
    content = yaml.safe_load(config.read_text(encoding="utf-8"))
    experiment = Experiment(read_config(content), project_folder() / "lab")
    total, found = 0, list(leftovers(Path(), experiment, states=states))
    for leftover in found:
        size = leftover.size
        total += size
        yield f"{size / 1e6:10,.1f} MB  {leftover.folder}: {leftover.why}"
        if delete:
            leftover.delete()
    ending = "freed" if delete else "could be freed; --delete does"
    yield f"{total / 1e6:10,.1f} MB  {ending}" if found else "nothing to delete"


def main(arguments: Sequence[str] | None = None) -> None:
    """Print what a study no longer needs, and delete it if asked to."""
    parser = command_parser(
        "tidy",
        "List what a study no longer needs, with its size: encoders that the config does not name, and saved states of "
        "abandoned\ntrainings. Scores and tables are never touched.",
        "realign tidy",
        "realign tidy --delete",
    )
    parser.add_argument("--configfile", type=Path, default=Path("config.yaml"), help="default: config.yaml")
    parser.add_argument("--states", action="store_true", help="also states that the next run would continue")
    parser.add_argument("--delete", action="store_true", help="delete what is listed")
    given = parser.parse_args(arguments)
    try:
        for line in tidy(given.configfile, states=given.states, delete=given.delete):
            print(line)
    except InputError as error:
        sys.exit(str(error))
