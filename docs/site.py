"""A hook of MkDocs: pages that lie outside `docs/` become pages of the site, and links follow them."""

import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parents[1]
OUTSIDE = {
    "README.md": "index.md",
    **{
        name: name
        for name in (
            "CHANGELOG.md",
            "CONTRIBUTING.md",
            "benchmarks/README.md",
            "experiments/published/README.md",
            "lab/README.md",
            "results/README.md",
        )
    },
}
"""Pages outside `docs/`, and their paths on the site."""
LINK = re.compile(r"\]\((?!\w+:|#)([^)#\s]+)(#[^)\s]*)?\)")
API = """# The library

::: realign.links
::: realign.measure
::: realign.realign
::: realign.during
::: realign.finetune
::: realign.score
"""


def on_files(files: Files, config: Any) -> Files:
    """Add the pages from outside `docs/`, and the reference of the library."""
    for origin, page in OUTSIDE.items():
        text = (ROOT / origin).read_text(encoding="utf-8")
        files.append(File.generated(config, page, content=_linked(text, origin, page)))
    if written := files.get_file_from_path("api.md"):  # it is for readers of the folder
        files.remove(written)
    files.append(File.generated(config, "api.md", content=API))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Let the links of a page in `docs/` that leave `docs/` lead to the site's pages."""
    path = page.file.src_uri
    return markdown if path in OUTSIDE.values() or path == "api.md" else _linked(markdown, f"docs/{path}", path)


def _linked(text: str, origin: str, page: str) -> str:
    """The text of a file of the project with its links as they are on the site."""

    def on_site(link: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join(posixpath.dirname(origin), link[1]))
        target = OUTSIDE.get(target, target.removeprefix("docs/"))
        return f"]({posixpath.relpath(target, posixpath.dirname(page) or '.')}{link[2] or ''})"

    return LINK.sub(on_site, text)
