"""Digest the code of a stage, so that a change in a library module re-runs the stages that import it.

Snakemake sees that a script changed, but not the modules that it imports. The digest covers the syntax trees of the
script and of every module of this library that it reaches by imports, without docstrings: comments, docstrings and
formatting change nothing.
"""

import ast
import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

PACKAGE = "realign"
LIBRARY = Path(__file__).parent


@cache
def code_digest(script: Path) -> str:
    """Hexadecimal digest of a script and of the library modules under it."""
    digest = hashlib.sha256()
    for path in sorted({script, *_reached(script)}):
        digest.update(path.name.encode() + b"\0" + _canonical(path).encode() + b"\0")
    return digest.hexdigest()[:16]


def _reached(script: Path) -> set[Path]:
    """Files of all library modules that the script imports, directly or through others."""
    found: set[Path] = set()
    queue = [script]
    while queue:
        for path in _imports(queue.pop()):
            if path not in found:
                found.add(path)
                queue.append(path)
    return found


@cache
def _imports(path: Path) -> frozenset[Path]:
    """Files of the library modules that one file imports, also inside functions, but not for type checking only."""
    return frozenset(file for name in _imported_names(path) for file in _module_files(name))


def _imported_names(path: Path) -> Iterator[str]:
    for node in _runtime_nodes(ast.parse(path.read_text(encoding="utf-8"), str(path))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _runtime_nodes(node: ast.AST) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING":
            continue
        yield child
        yield from _runtime_nodes(child)


def _module_files(name: str) -> Iterator[Path]:
    """The files that importing `name` executes, if it is a module of this library."""
    parts = name.split(".")
    if parts[0] != PACKAGE:
        return
    folder = LIBRARY
    for part in parts[1:]:
        if (folder / f"{part}.py").exists():
            yield folder / f"{part}.py"
            return
        folder = folder / part
        if (folder / "__init__.py").exists():
            yield folder / "__init__.py"


@cache
def _canonical(path: Path) -> str:
    """The syntax tree as text, docstrings dropped."""
    tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
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
