"""Digest the code of a stage, so that a change in a library module re-runs the stages that import it.

Snakemake sees that a script changed, but not the modules that it imports. The digest covers the syntax trees of the
script, of the modules that its registry rows name, and of every module of this library that these import, directly or
indirectly. Comments, docstrings and formatting do not change it. `jobs/` is left out, because no result depends on it.
"""

import ast
import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

PACKAGE = "realign"
LIBRARY = Path(__file__).parents[1]
WITHOUT_RESULTS = LIBRARY / "jobs"


@cache
def code_digest(script: Path, *modules: str) -> str:
    """Hexadecimal digest of a script, the modules that its rows name, and the library modules that they import."""
    digest = hashlib.sha256()
    # an installed package has the scripts inside the library; they digest to the same as in a clone
    for path in [*sorted(reached(script, *modules) - {script}), script]:
        name = path.name if path == script else path.relative_to(LIBRARY)
        digest.update(str(name).encode() + b"\0" + _parsed(path)[1].encode() + b"\0")
    return digest.hexdigest()[:16]


def reached(script: Path, *modules: str) -> set[Path]:
    """Files of all library modules that the script imports, directly or through others, and of `modules`."""
    found = {file for name in modules for file in _module_files(name)}
    queue = [script, *found]
    while queue:
        for path in _imports(queue.pop()):
            if path not in found:
                found.add(path)
                queue.append(path)
    return found


@cache
def _imports(path: Path) -> frozenset[Path]:
    """Files of the library modules that one file imports, also inside functions, but not for type checking only."""
    return frozenset(file for name in imported_names(path) for file in _module_files(name))


def imported_names(path: Path) -> tuple[str, ...]:
    """Names of the modules, and of what is imported from them, that a file imports when it runs, in order."""
    return _parsed(path)[0]


@cache
def _parsed(path: Path) -> tuple[tuple[str, ...], str]:
    """The imported names of a file, and its syntax tree as text, docstrings dropped."""
    tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
    return tuple(_names(tree)), _canonical(tree)


def _names(tree: ast.AST) -> Iterator[str]:
    for node in _runtime_statements(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _runtime_statements(node: ast.AST) -> Iterator[ast.AST]:
    """The statements below a node, in order, but those for type checking; only these can be imports."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING":
            continue
        if isinstance(child, ast.stmt | ast.ExceptHandler | ast.match_case):
            yield child
            yield from _runtime_statements(child)


def _module_files(name: str) -> Iterator[Path]:
    """The files that importing `name` executes, if it is a module of this library outside `jobs/`."""
    parts = name.split(".")
    if parts[0] != PACKAGE:
        return
    folder = LIBRARY
    for part in parts[1:]:
        if folder / part == WITHOUT_RESULTS:
            return
        if (folder / f"{part}.py").exists():
            yield folder / f"{part}.py"
            return
        folder = folder / part
        if (folder / "__init__.py").exists():
            yield folder / "__init__.py"


def _canonical(tree: ast.AST) -> str:
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            node.body = [statement for statement in body if not _is_bare_string(statement)]  # type: ignore[attr-defined]
    return ast.dump(tree)


def _is_bare_string(statement: ast.stmt) -> bool:
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )
