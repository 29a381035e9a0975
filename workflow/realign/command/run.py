"""`realign run`: Snakemake with the workflow that the package carries."""

import os
import re
import sys
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path

from realign.errors import InputError
from realign.experiment.project import project_folder
from realign.jobs.threads import available_cores

HELP = """usage: realign run [TARGET ...] [OPTION ...]

Run the study in this folder. Targets and options are Snakemake's, and `snakemake --help` explains them. Without -j or a
profile, as many jobs run at once as there are cores. `--profile slurm` takes the profile that the package carries.

examples:
  realign run -n                          # what would run
  realign run                             # everything, up to results/report.html
  realign run results/correlations.csv    # one file and what it needs
  realign run --profile slurm             # on a SLURM cluster
"""
SAYS_JOBS = re.compile(r"-[jc](\d+|all)?|--(jobs|cores|profile)(=.*)?")
"""Options that say how many jobs may run at once."""
CONFIG = "config.yaml"


def main(arguments: Sequence[str]) -> None:
    """Become Snakemake; raises `InputError` outside a study, and without Snakemake."""
    if set(arguments) & {"-h", "--help"}:
        print(HELP, end="")
        return
    if find_spec("snakemake") is None:
        raise InputError("`realign run` needs Snakemake; install 'realign[workflow]', which brings it")
    if not Path(CONFIG).exists() and not any(argument.startswith("--configfile") for argument in arguments):
        raise InputError(f"{CONFIG}: no such file in this folder; `realign init FOLDER` makes a study to start from")
    sys.stdout.flush()
    os.execv(sys.executable, command(arguments, project_folder()))


def command(arguments: Sequence[str], project: Path) -> list[str]:
    """The command line that runs Snakemake with these arguments."""
    jobs = [] if any(map(SAYS_JOBS.fullmatch, arguments)) else [f"-j{available_cores()}"]
    own = _with_profile(arguments, project / "profiles")
    return [sys.executable, "-m", "snakemake", "--snakefile", str(project / "Snakefile"), *jobs, *own]


def _with_profile(arguments: Sequence[str], profiles: Path) -> Iterator[str]:
    """The arguments, with the package's profile where one is named that is not a folder here."""
    before = ""
    for argument in arguments:
        option, equals, value = argument.rpartition("=")
        named = "--profile" in (before, option)
        if named and not Path(value).exists() and (profiles / value).is_dir():
            value = str(profiles / value)
        yield f"{option}{equals}{value}"
        before = argument
