"""Where the workflow is: its Snakefile, profiles, experiments and the lab."""

from pathlib import Path

LIBRARY = Path(__file__).parents[1]


def project_folder() -> Path:
    """The workflow that an installed package carries, or else the clone that this library is a part of."""
    carried = LIBRARY / "project"
    return carried if carried.is_dir() else LIBRARY.parents[1]
