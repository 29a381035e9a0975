"""The package, installed from the project's folder into a fresh environment: it needs no clone."""

import re
import site
import subprocess
import sys
import sysconfig
import tomllib
from dataclasses import dataclass
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from realign import __version__
from realign.command.run import command
from realign.jobs.digest import LIBRARY, code_digest, imported_names
from study import PROJECT, environment

CARRIED = ("Snakefile", "config.yaml", "requirements.lock", "envs", "experiments", "lab", "profiles")
CARRIED += ("workflow/rules", "workflow/scripts")


@dataclass(frozen=True)
class Installed:
    """An environment with the package."""

    folder: Path

    @property
    def library(self) -> Path:
        version = f"python{sys.version_info.major}.{sys.version_info.minor}"
        return self.folder / "lib" / version / "site-packages" / "realign"

    def run(self, program: str, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
        path = [str(self.folder / "bin" / program), *arguments]
        return subprocess.run(path, cwd=cwd, capture_output=True, text=True, env=environment(), check=False)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """A virtual environment with the package, built from this folder; it sees the packages of the one that tests."""
    home = tmp_path_factory.mktemp("fresh")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    local = ["--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*pip, "wheel", *local, "--wheel-dir", str(home), str(PROJECT)], check=True)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(home / "venv")], check=True)
    found = Installed(home / "venv")
    others = [sysconfig.get_path("purelib"), *site.getsitepackages()]
    (found.library.parent / "others.pth").write_text("\n".join(dict.fromkeys(others)), encoding="utf-8")
    (wheel,) = home.glob("*.whl")
    python = str(found.folder / "bin" / "python")
    subprocess.run([*pip, "--python", python, "install", *local, str(wheel)], check=True)
    return found


def files_below(folder: Path) -> set[str]:
    found = [folder] if folder.is_file() else [path for path in folder.rglob("*") if path.is_file()]
    return {str(path) for path in found if "__pycache__" not in path.parts}


def test_the_package_carries_the_workflow_and_leaves_nothing_in_the_folder(installed: Installed) -> None:
    project = installed.library / "project"
    for name in CARRIED:
        ours, theirs = (
            {Path(path).relative_to(root) for path in files_below(root / name)} for root in (PROJECT, project)
        )
        assert ours == theirs and ours
    assert (installed.library / "py.typed").is_file() and (installed.library / "pages" / "report.html").is_file()
    assert not [
        path
        for name in ("build/lib", "build/bdist*", "dist", "*.egg-info")
        for path in PROJECT.rglob(name)
        if ".venv" not in path.parts
    ]
    said = installed.run("realign", "--version", cwd=installed.folder)
    assert (said.returncode, said.stdout.strip()) == (0, __version__)


def test_the_package_digests_every_stage_as_the_clone_does(installed: Installed) -> None:
    program = """
from realign.experiment.project import project_folder
from realign.jobs.digest import code_digest
for path in sorted((project_folder() / "workflow" / "scripts").glob("*.py")):
    print(path.name, code_digest(path))
"""
    said = installed.run("python", "-c", program, cwd=installed.folder)
    scripts = sorted((PROJECT / "workflow" / "scripts").glob("*.py"))
    assert scripts and said.stdout.splitlines() == [f"{path.name} {code_digest(path)}" for path in scripts], said.stderr


BESIDE_A_RUN = {
    "check fr": "60 sentence pairs, 846 and 948 words",
    "estimate": "GPU hours",
    "progress": "no run is active; the last one finished",
    "verify": " 0 damaged or missing",
    "tidy": "nothing to delete",
    "report": "`realign run` makes it",
}
"""Commands in the folder of a study of which a part has run, and what they say."""


def test_a_new_study_runs_without_the_clone(installed: Installed, tmp_path: Path) -> None:
    made = installed.run("realign", "init", "study", cwd=tmp_path)
    assert made.returncode == 0, made.stderr
    study = tmp_path / "study"
    assert {"README.md", "config.yaml", "data"} <= {path.name for path in study.iterdir()}
    planned = installed.run("realign", "run", "-n", cwd=study)
    assert planned.returncode == 0 and "correlate" in planned.stdout + planned.stderr, planned.stderr
    links = "results/links/dictionary/test/en-es.txt"
    done = installed.run("realign", "run", links, cwd=study)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.match(r"(\d+-\d+ ?)+", (study / links).read_text(encoding="utf-8"))
    for words, expected in BESIDE_A_RUN.items():
        said = installed.run("realign", *words.split(), cwd=study)
        assert expected in said.stdout + said.stderr and "Traceback" not in said.stderr, said.stderr
    again = installed.run("realign", "init", "study", cwd=tmp_path)
    assert (again.returncode, again.stderr.count("\n")) == (1, 1) and "not empty" in again.stderr


def test_a_run_takes_as_many_jobs_as_cores_unless_something_says_the_number() -> None:
    def jobs(*arguments: str) -> list[str]:
        return [word for word in command(arguments, PROJECT) if word.startswith("-j")]

    assert re.fullmatch(r"-j[1-9]\d*", jobs("-n", "--configfile", "x.yaml")[0])
    assert jobs("--cores=2") == jobs("-c", "all") == jobs("--profile", "mine") == []
    assert jobs("-j3") == ["-j3"]
    own = str(PROJECT / "profiles" / "slurm")
    assert command(["--profile", "slurm"], PROJECT)[-1] == own
    assert command(["--profile=slurm", "-n"], PROJECT)[-2] == f"--profile={own}"
    assert command(["--profile", "mine", "slurm"], PROJECT)[-2:] == ["mine", "slurm"]


def declared() -> tuple[set[str], set[str]]:
    """The packages that `pip install realign` brings, and those of all extras."""
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = [line for lines in project["optional-dependencies"].values() for line in lines]
    return tuple({normal(line) for line in lines} for lines in (project["dependencies"], extras))  # type: ignore[return-value]


def normal(requirement: str) -> str:
    return re.split(r"[^\w.-]", requirement)[0].lower().replace("_", "-")


STUDIES = {"analysis", "pages", "sources", "command"}
"""Rooms that whole studies need, and that need the extra."""


def test_every_package_that_the_library_imports_is_declared() -> None:
    always, extra = declared()
    distributions = packages_distributions()
    for path in LIBRARY.rglob("*.py"):
        room = path.relative_to(LIBRARY).parts[0]
        allowed = always | extra if room in STUDIES or path.stem == "segmentation" else always
        for module in {name.partition(".")[0] for name in imported_names(path)} - sys.stdlib_module_names - {"realign"}:
            names = {normal(name) for name in distributions.get(module, [module])}
            # the encoder's package is looked for by name, and its code is never imported
            assert names & allowed, f"{path.relative_to(LIBRARY)} imports {module}"


def test_every_declared_package_is_in_the_lock() -> None:
    lock = {
        normal(line)
        for line in (PROJECT / "requirements.lock").read_text(encoding="utf-8").splitlines()
        if line[:1].isalpha()
    }
    always, extra = declared()
    assert (always | extra) - lock == {"realign"}
