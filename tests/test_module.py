"""Realign as a module of somebody else's workflow."""

import re
from pathlib import Path

import pandas as pd

from study import PROJECT, Study


def example() -> str:
    """The Snakefile of the documentation."""
    found = re.search(r"```snakemake\n(.*?)```", (PROJECT / "docs/module.md").read_text(encoding="utf-8"), re.DOTALL)
    assert found
    return found.group(1)


def test_a_workflow_adds_a_rule_after_the_correlations_and_runs_nothing_else_again(
    finished_study: Study, tmp_path: Path
) -> None:
    study = finished_study.copy(tmp_path)
    snakefile = study.folder / "Snakefile"
    snakefile.write_text(example().replace("path/to/realign/Snakefile", str(study.project / "Snakefile")))
    own = Study(study.folder, study.folder)
    assert own.planned("results/strongest.csv") == {"strongest.csv"}
    finished = own.snakemake(
        "--workflow-profile", str(study.project / "profiles/default"), "-j2", "results/strongest.csv"
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
    table = pd.read_csv(study.folder / "results/strongest.csv")
    every = pd.read_csv(study.folder / "results/correlations.csv")
    assert len(table) == 5 and table["rho"].max() == every["rho"].max()
    assert own.planned() == set(), "the default target is Realign's, of which nothing runs again"
