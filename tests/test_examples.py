"""The examples of the documentation run: Python, commands, and configs."""

import os
import re
import subprocess
import sys
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
import yaml

from realign.command.reference import reference
from realign.config.reading import read_config
from realign.config.whole import Config
from realign.errors import InputError
from realign.languages import selections
from study import PROJECT, environment, merged

PAGES = [PROJECT / "README.md", *sorted((PROJECT / "docs").glob("*.md"))]
LANGUAGES = ("python", "sh", "bash", "shell", "console", "yaml", "snakemake", "diff", "toml", "bibtex")
LIBRARY_PAGES = ["README.md", "docs/library.md"]


def blocks(page: Path, *languages: str) -> list[tuple[str, str]]:
    """The fenced blocks in these languages, in order: language and content."""
    found = re.findall(r"^```(\w+)\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return [(language, content) for language, content in found if language in languages]


def beginning(path: Path) -> str:
    """The first sentences of a file of the lab; dictionaries are whole."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".conllu":
        return "\n\n".join(text.split("\n\n")[:30]) + "\n\n"
    return text if "dictionary" in path.parts else "".join(text.splitlines(keepends=True)[:40])


@pytest.fixture
def folder(tmp_path: Path, checkpoint: Path) -> Path:
    """A folder like the project's, in which files are short and `lab:6` is a small encoder."""
    for path in (PROJECT / "lab").rglob("*.*"):
        copy = tmp_path / path.relative_to(PROJECT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(beginning(path), encoding="utf-8")
    (tmp_path / "lab:6").symlink_to(checkpoint)
    program = tmp_path / "bin" / "realign"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m realign "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    return tmp_path


@pytest.mark.parametrize("name", LIBRARY_PAGES)
def test_the_examples_of_the_library_run_in_the_order_of_the_page(
    name: str, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(folder)
    own = {**environment(), "PYTHONPATH": str(PROJECT / "workflow"), "PATH": f"{folder / 'bin'}:{os.environ['PATH']}"}
    names: dict[str, Any] = {}
    done = dict.fromkeys(("python", "sh"), 0)
    for language, content in blocks(PROJECT / name, "python", "sh"):
        done[language] += 1
        if language == "python":
            exec(compile(content, name, "exec"), names)
            for said, value in re.findall(r"^(realign\.\w+\(.*\))  # (.+)$", content, re.MULTILINE):
                assert eval(said, names) == eval(value)
        else:
            run = subprocess.run(["bash", "-euo", "pipefail", "-c", content], env=own, capture_output=True, text=True)
            assert run.returncode in (0, 141), run.stdout + run.stderr  # 141: `head` has read enough
    assert all(done.values())
    if name == "README.md":
        assert "accuracy" in capsys.readouterr().out
        assert (folder / "alignment.csv").read_text(encoding="utf-8").startswith("layer,direction,measure,score,n\n")


TARGETS: tuple[set[str], ...] = (set(), {"ee", "fon", "tr"}, {*chain(*selections().values())} - {"en"})
"""More target languages than the default ones, with which an example is valid that names none."""


def mistake(part: dict[str, Any]) -> str | None:
    """What is wrong with a part of a config, put into the default one, or with a whole config."""
    whole = yaml.safe_load((PROJECT / "config.yaml").read_text(encoding="utf-8"))
    complete = {"target_languages", "tasks"} <= set(part)
    said = None
    for more in TARGETS:
        wider = {**whole, "target_languages": sorted({*whole["target_languages"], *more})}
        try:
            read_config(part if complete else merged(wider, part))
            return None
        except InputError as error:
            said = said or str(error)
    return said


def test_every_config_in_the_documentation_is_valid() -> None:
    checked = 0
    for page in PAGES:
        if page.stem == "extending":  # about rows that its diffs add; tests/test_extending.py runs them
            continue
        for _, content in blocks(page, "yaml"):
            part = yaml.safe_load(content)
            if isinstance(part, dict) and set(part) <= set(Config.model_fields):
                assert mistake(part) is None, page
                checked += 1
    assert checked > 8 and mistake({"seeds": []})


ELSEWHERE = {("module", "snakemake"), ("slurm", "yaml"), ("extending", "yaml"), ("extending", "diff")}
"""Blocks that tests/test_module.py, test_accounting.py and test_extending.py read."""
NOT_RUN = {("api", "python"), ("sharing", "yaml"), ("README", "bibtex")}
"""Signatures; profiles of executors, of which the page says what was tried; and a citation."""


def test_every_fenced_block_is_run_or_read_by_a_test() -> None:
    known = {(Path(page).stem, language) for page in LIBRARY_PAGES for language in ("python", "sh")}
    for page in PAGES:
        for language, content in blocks(page, *LANGUAGES):
            part = yaml.safe_load(content) if language == "yaml" else {}
            read = language == "yaml" and set(part) <= set(Config.model_fields)
            assert read or (page.stem, language) in known | ELSEWHERE | NOT_RUN, f"{page.name}: {content}"


def test_the_reference_of_the_library_is_up_to_date() -> None:
    assert (PROJECT / "docs/api.md").read_text(encoding="utf-8") == reference()
