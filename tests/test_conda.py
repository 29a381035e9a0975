"""The environments of the rules for `--sdm conda`: made by a stand-in that records what Snakemake asks of conda."""

import os
import re
import shutil
import stat
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
import yaml
from packaging.utils import canonicalize_name

from realign.aligners.registry import ALIGNERS
from realign.alignment.registry import MEASURES
from realign.jobs.digest import imported_names, reached
from realign.realignment.registry import LOSSES
from realign.sources.registry import CORPORA
from realign.tasks.registry import KINDS, TASKS
from study import PROJECT, Study

TEXT = "\n".join(file.read_text(encoding="utf-8") for file in sorted((PROJECT / "workflow/rules").glob("*.smk")))
BLOCKS = [block for block in re.split(r"(?m)^ *rule\b", TEXT)[1:] if "script:" in block]
RULES = [
    (name, script) for block in BLOCKS for script in re.findall(r"scripts/(\w+)\.py", block)
    for name in re.findall(r"envs/(\w+)\.yaml", block)
]  # fmt: skip
"""Environment and script of every rule."""
ROWS = {
    "models": [
        *(f"{kind.package}.{part}" for kind in KINDS for part in ("data", "model")),
        *(metric for task in TASKS for metric in task.metrics),
        *(row.module for row in (*MEASURES, *LOSSES)),
        *(row.module for row in ALIGNERS if row.encoder),
    ],
    "text": [
        *(row.module for row in (*CORPORA, *TASKS)),
        *(row.module for row in ALIGNERS if not row.encoder),
    ],
}


def packages(name: str) -> dict[str, str]:
    """The pinned packages of an environment."""
    content = yaml.safe_load((PROJECT / f"envs/{name}.yaml").read_text(encoding="utf-8"))
    pins = [str(line).split(" ;")[0].split("==") for line in content["dependencies"][-1]["pip"]]
    return {canonicalize_name(package): version for package, version in pins}


def needed(script: str, *modules: str) -> set[str]:
    """The packages that a script and these modules import."""
    files = reached(PROJECT / f"workflow/scripts/{script}.py", *modules)
    names = {name.split(".")[0] for file in files for name in imported_names(file)}
    known = {name: found[0] for name, found in packages_distributions().items()}
    return {canonicalize_name(known[name]) for name in names if name in known and name not in ("realign", "snakemake")}


def test_every_script_runs_in_one_of_the_environments() -> None:
    scripts = {path.stem for path in (PROJECT / "workflow/scripts").glob("*.py")}
    assert {script for _, script in RULES} == scripts


@pytest.mark.parametrize(("name", "script"), RULES)
def test_an_environment_has_what_its_scripts_import(name: str, script: str) -> None:
    missing = needed(script, *(ROWS[name] if script in ("score", "finetune", "align", "fetch_task") else ())) - set(
        packages(name)
    )
    assert not missing


@pytest.mark.parametrize("name", ROWS)
def test_environments_have_the_versions_of_the_lock(name: str) -> None:
    lines = (PROJECT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    locked = {
        canonicalize_name(line.split("==")[0]): re.split(r"==| ;", line)[1] for line in lines if re.match(r"\w", line)
    }
    assert all(locked[package] == version for package, version in packages(name).items())
    written = subprocess.run(
        [sys.executable, "-c", f"import pin; print(pin.environment({name!r}), end='')"],
        cwd=PROJECT / "envs", capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert written.stdout == (PROJECT / f"envs/{name}.yaml").read_text(encoding="utf-8")


STAND_IN = """#!/usr/bin/env bash
echo "$@" >> {record}
case "$*" in
  "info --json") echo '{{"conda_prefix": "{root}", "platform": "linux-64"}}' ;;
  "--version") echo "conda 24.11.3" ;;
  "config --get channel_priority --json") echo '{{"get": {{"channel_priority": "strict"}}}}' ;;
  *"env create"*)
    prefix=$(echo " $*" | sed -E "s/.*--prefix[ =]\\"?([^ \\"]+).*/\\1/")
    mkdir -p "$prefix/bin" "$prefix/conda-meta" && ln -s {python} "$prefix/bin/python" ;;
esac
"""


def test_snakemake_makes_the_environments_and_runs_jobs_in_them(
    new_study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The stand-in's environments hold a link to this Python, so the jobs run for real."""
    study, root, record = new_study.fresh(tmp_path / "study"), tmp_path / "conda", tmp_path / "asked.txt"
    (root / "bin").mkdir(parents=True)
    program = STAND_IN.format(record=record, root=root, python=sys.executable)
    for name, text in {
        "conda": program,
        "activate": f'export PATH="$1/bin:$PATH"; echo activate "$1" >> {record}\n',
    }.items():
        (root / "bin" / name).write_text(text)
        (root / "bin" / name).chmod(stat.S_IRWXU)
    shutil.copytree(PROJECT / "envs", study.project / "envs", dirs_exist_ok=True)
    monkeypatch.setenv("PATH", f"{root / 'bin'}{os.pathsep}{os.environ['PATH']}")
    target = "results/bitext/test/en-it.txt"
    ran = study.snakemake(target, "-j2", "--sdm", "conda")
    assert ran.returncode == 0, ran.stdout[-3000:] + ran.stderr[-3000:]
    asked = record.read_text()
    created = [line for line in asked.splitlines() if "env create" in line]
    assert len(created) == 1, created
    made = Path(next(iter(re.findall(r"--file[ =]\"?([^ \"]+)", created[0]))))
    assert yaml.safe_load(made.read_text()) == yaml.safe_load((PROJECT / "envs/text.yaml").read_text())
    assert "activate" in asked and (study.folder / target).stat().st_size > 0
