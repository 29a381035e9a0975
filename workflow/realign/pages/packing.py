"""What pages carry inside: tables and libraries, compressed, and figures as data URLs."""

import base64
import gzip
import json
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import pandas as pd
from jinja2 import Environment

from realign.text.files import atomic_writer

ASSETS = Path(__file__).parent
"""The folder of the HTML, CSS and JavaScript of the pages."""


def packed(text: str) -> str:
    """A text, compressed, in base64: the same text gives the same bytes."""
    return base64.b64encode(gzip.compress(text.encode("utf-8"), mtime=0)).decode("ascii")


def packed_table(table: pd.DataFrame, best: Sequence[tuple[int, int]] = ()) -> str:
    """A table as packed JSON: `columns`, `rows` of values, where what is unknown is null, and what is `best`."""
    content = {"columns": list(table.columns), "rows": values_of(table), "best": best}
    return packed(json.dumps(content, ensure_ascii=False))


def values_of(table: pd.DataFrame) -> list[list[Any]]:
    """The rows of a table as JSON has them."""
    return [list(row) for row in json.loads(table.to_json(orient="values", double_precision=8))]


def figure_url(path: Path) -> str:
    """An SVG as a data URL."""
    return "data:image/svg+xml;base64," + base64.b64encode(path.read_bytes()).decode("ascii")


def asset(name: str) -> str:
    """A file beside this module."""
    return (ASSETS / name).read_text(encoding="utf-8")


def data_tables() -> tuple[str, str]:
    """JavaScript (a module) and CSS of DataTables with its buttons and column controls, as itables carries them."""
    folder = files("itables") / "html"
    script, style = ((folder / f"dt_bundle.{form}").read_text(encoding="utf-8") for form in ("js", "css"))
    return script, style


def write_page(page: Path, template: str, content: Mapping[str, Any]) -> None:
    """Fill a template, a file beside this module, and write the page."""
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    with atomic_writer(page) as out:
        out.write(environment.from_string(asset(template)).render(content))
