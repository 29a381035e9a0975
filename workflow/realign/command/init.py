"""`realign init`: the folder of a study to start from."""

import shutil
from collections.abc import Sequence
from pathlib import Path

from realign.errors import InputError
from realign.experiment.project import project_folder
from realign.jobs.parsers import command_parser
from realign.text.files import atomic_writer

TEMPLATE = Path(__file__).parent / "study"
DEFAULT = "lab"
"""The experiment that a study starts with, unless another is named."""


def experiments() -> dict[str, Path]:
    """The config files that a study can start from, by name."""
    project = project_folder()
    return {DEFAULT: project / "config.yaml"} | {
        path.stem: path for path in sorted((project / "experiments").glob("*.yaml"))
    }


def main(arguments: Sequence[str]) -> None:
    """Make the folder; raises `InputError` if it has files already."""
    known = experiments()
    parser = command_parser(
        "init",
        "Make the folder of a study: its config, folders for data, and a README that says how to go on.",
        "realign init study && cd study && realign run",
    )
    parser.add_argument("folder", type=Path, help="where the study goes")
    parser.add_argument(
        "--experiment",
        choices=list(known),
        default=DEFAULT,
        help=f"the config to start from (default: {DEFAULT}, minutes on a CPU, no downloads)",
    )
    given = parser.parse_args(arguments)
    make_study(given.folder, known[given.experiment])
    print(f"{given.folder}: a study to start from; `cd {given.folder}`, edit config.yaml, and `realign run`")


def make_study(folder: Path, config: Path) -> None:
    """Copy the template and a config; raises `InputError` if the folder has files already."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(f"{folder}: exists and is not empty; name a new folder")
    shutil.copytree(TEMPLATE, folder, dirs_exist_ok=True)
    for kind in ("bitext", "dictionaries", "tasks", "encoders"):
        (folder / "data" / kind).mkdir(parents=True)
    with atomic_writer(folder / "config.yaml") as out:
        out.write(config.read_text(encoding="utf-8").replace("docs/config.md explains", "`realign config` explains"))
