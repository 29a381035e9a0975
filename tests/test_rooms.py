"""The library's rooms: each imports only rooms above it, and only registries know the names of their rows."""

import ast
import re
from pathlib import Path

import pytest

from realign.aligners.registry import ALIGNERS
from realign.alignment.registry import MEASURES
from realign.jobs.digest import LIBRARY, imported_names, reached
from realign.realignment.registry import LOSSES
from realign.sources.registry import CORPORA
from realign.tasks.registry import KINDS, TASKS
from study import PROJECT

ROOMS = [
    "errors", "durations", "languages", "settings", "jobs", "text", "sources", "encoders", "aligners", "alignment",
    "training", "realignment", "tasks", "finetuning", "analysis", "pages", "config", "experiment", "api", "command",
    "__main__",
]  # fmt: skip
"""From top to bottom, as the README shows them."""
MODULES = sorted(path for path in LIBRARY.rglob("*.py") if path.parent != LIBRARY or path.stem != "__init__")


def room(path: Path) -> str:
    return path.relative_to(LIBRARY).parts[0].removesuffix(".py")


def test_every_room_has_its_place() -> None:
    assert {room(path) for path in MODULES} == set(ROOMS)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(LIBRARY)))
def test_a_room_imports_no_room_below_it(path: Path) -> None:
    imported = {name.split(".")[1] for name in imported_names(path) if name.startswith("realign.")}
    below = {name for name in imported if ROOMS.index(name) > ROOMS.index(room(path))}
    assert not below, f"{path.relative_to(LIBRARY)} imports {below}"


def test_the_library_imports_no_snakemake() -> None:
    for path in MODULES:
        assert not [name for name in imported_names(path) if name.split(".")[0] == "snakemake"], path


def test_the_config_is_read_without_the_libraries_of_the_stages() -> None:
    heavy = {"torch", "transformers", "datasets", "pandas", "numpy", "requests", "matplotlib"}
    for path in reached(LIBRARY / "config/reading.py", "realign.experiment.experiment", "realign.experiment.checks"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        found = {name.split(".")[0] for node in tree.body for name in _imports(node)}
        assert not found & heavy, path


def _imports(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module or ""] if isinstance(node, ast.ImportFrom) else []


ROWS = [(kind.name, kind.package) for kind in KINDS]
ROWS += [(row.name, row.module) for rows in (ALIGNERS, MEASURES, LOSSES, CORPORA, TASKS) for row in rows]
# names that also are something else: a strength of the contrastive loss, and a file of the lab
OTHERWISE = {
    "weak": {"realignment/losses/contrastive.py"},
    "strong": {"realignment/losses/contrastive.py"},
    # the input that an aligner gets, and the argument for it; and keys before version 0.2.0
    "dictionary": {"experiment/experiment.py", "scripts/align.py", "command/options.py", "config/reading.py"},
    "fastalign": {"config/reading.py"},
}


def literals(path: Path) -> set[str]:
    """Texts of a Python file but its docstrings, and those of a rules file."""
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".py":
        return set(re.findall(r"""["']([^"'\n]*)["']""", re.sub(r"(?m)^\s*#.*$", "", text)))
    tree = ast.parse(text)
    return {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}


@pytest.mark.parametrize(("name", "module"), ROWS)
def test_no_file_but_its_registry_and_its_module_mentions_a_row(name: str, module: str) -> None:
    own = LIBRARY.parent / module.replace(".", "/")
    mentioning = set()
    for path in [*(PROJECT / "workflow").rglob("*.py"), *(PROJECT / "workflow").rglob("*.smk"), PROJECT / "Snakefile"]:
        if path.stem == "registry" or path.is_relative_to(own) or path == own.with_suffix(".py"):
            continue
        if name in literals(path):
            mentioning.add(str(path.relative_to(LIBRARY if path.is_relative_to(LIBRARY) else PROJECT / "workflow")))
    assert mentioning <= OTHERWISE.get(name, set())
