"""Find defects of the documentation: `python docs/check.py` prints one sentence for each, and fails if there is any.

It reads every Markdown file that git tracks. It finds dead links, broken tables, commands that do not run, code that
does not parse, and paths of files that do not exist. It also finds conflict markers in all text files, and such paths
in the comments of rules and profiles. It runs no command and fetches nothing.

Placeholders stand for any part of a path: `{lang}`, `<name>`, `*`, `...`, and `xx` for a language. In commands
`path/to/realign/` is the project's folder, and any other `path/to/` is the reader's.
"""

import argparse
import contextlib
import doctest
import importlib.util
import io
import os
import re
import shlex
import subprocess
import sys
import textwrap
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import yaml

# What commands may call besides the programs whose arguments are read (`READERS`).
ALLOWED = {
    "awk", "cat", "cd", "chgrp", "chmod", "conda", "cp", "curl", "diff", "do", "done", "du", "echo", "exit", "export",
    "fi", "find", "for", "git", "grep", "head", "if", "kill", "less", "ln", "ls", "mamba", "mkdir", "module", "mv",
    "mypy", "nvidia-smi", "pytest", "rm", "rsync", "ruff", "sacct", "salloc", "sbatch", "scancel", "scontrol", "scp",
    "screen", "sed", "set", "sinfo", "snakefmt", "sort", "source", "squeue", "ssh", "tail", "tar", "tee", "then",
    "tmux", "touch", "unset", "unzip", "wc", "wget", "while", "zcat",
}  # fmt: skip
# Words before a command that leave it a command.
PREFIXES = {"do", "env", "exec", "nice", "nohup", "srun", "sudo", "then", "time", "watch"}

FENCE = re.compile(r"\s*(?P<mark>`{3,}|~{3,})\s*(?P<language>[\w+-]*)[^`]*$")
HEADING = re.compile(r" {0,3}#{1,6}\s+(?P<text>.*?)(\s+#+)?\s*$")
ITEM = re.compile(r"\s*([-*+]|\d{1,9}[.)])\s+")
# A line with which a new paragraph begins without an empty line before it; and one with which a table ends.
STARTS = re.compile(r"\s*(#{1,6}\s|>|\||[-*+]\s|\d{1,9}[.)]\s)")
ENDS_TABLE = re.compile(r" {0,3}(#{1,6}\s|>|[-*+]\s|\d{1,9}[.)]\s)")
DELIMITERS = re.compile(r"\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$")
SPAN = re.compile(r"(?<!`)(?P<mark>`+)(?!`)(?P<code>.+?)(?<!`)(?P=mark)(?!`)", re.DOTALL)
LINK = re.compile(r"\]\(\s*<?(?P<target>(?:[^\s()<>]|\([^\s()]*\))+)>?(?:\s+(?:\"[^\"]*\"|'[^']*'))?\s*\)")
DEFINITION = re.compile(r"^ {0,3}\[(?!\^)[^\]]+\]:\s*<?(?P<target>[^\s>]+)", re.MULTILINE)
HTML_LINK = re.compile(r"<(?:img|a)\b[^>]*?\b(?:src|href)=[\"'](?P<target>[^\"']+)[\"']")
HTML_ANCHOR = re.compile(r"<\w+\b[^>]*?\b(?:id|name)=[\"']([^\"']+)[\"']")
ON_THE_WEB = re.compile(r"[a-zA-Z][\w+.-]*:|//")

CONFLICT = re.compile(r"(<{7}|>{7}|\|{7})( |$)|={7}$")
PLACEHOLDER = re.compile(r"\{[^{}]*\}|<[^<>]*>|\[[^\]]*\]|…|\.{3}|\bxx\b|\*+")
OWN_PATH = re.compile(
    r"(?<![\w./}>*…$-])(?:path/to/realign/)?"
    r"(?P<path>(?:workflow|docs|tests|lab|benchmarks|profiles|envs|experiments)/(?:<[^<>\s]*>|[\w./*{}…,-])*)"
)
COMMENT = re.compile(r"(?:^|\s)#(?P<text>.*)$")
HEREDOC = re.compile(r"<<-?\s*[\"']?(\w+)")
PROGRAM_PATH = re.compile(r"(path/to/realign|\.|\.venv/bin)/.|workflow/\w+$")

RULE = re.compile(r"^[ \t]*(?:(?:rule|checkpoint)[ \t]+(\w+)[ \t]*:|use[ \t]+rule\b.*\bas[ \t]+(\w+))", re.MULTILINE)
RULE_NAME = re.compile(r"^[ \t]*name:\s*(?P<form>f?)(?P<quote>[\"'])(?P<name>[^\"'\n]+)(?P=quote)", re.MULTILINE)
MAKE_TARGETS = re.compile(r"^([\w./-]+(?:[ \t]+[\w./-]+)*)[ \t]*:(?!=)", re.MULTILINE)


@dataclass(frozen=True, order=True)
class Defect:
    """What was found in a line, and what is expected."""

    path: str
    line: int
    found: str
    expected: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.found}; {self.expected}."


# The same within one command.
Complaints = Iterator[tuple[str, str]]


@dataclass(frozen=True)
class Block:
    """Consecutive lines of `prose`, of an `indented` block or of a `fence`, and how many lines are above them."""

    kind: str
    above: int
    lines: list[str]
    language: str = ""
    closed: bool = True


@dataclass(frozen=True)
class Project:
    """A folder with a workflow and its documentation."""

    root: Path

    @cached_property
    def files(self) -> list[Path]:
        """The files that git tracks; without git, all files."""
        command = ["git", "-C", str(self.root), "ls-files", "-z"]
        try:
            listed = subprocess.run(command, capture_output=True, check=True, text=True).stdout.split("\0")
        except (OSError, subprocess.CalledProcessError):
            listed = []
        tracked = [self.root / name for name in listed if name]
        return [path for path in tracked or walk(self.root) if path.is_file()]

    @cached_property
    def pages(self) -> list["Page"]:
        """The Markdown files."""
        return [Page(self, path) for path in self.files if path.suffix == ".md"]

    @cached_property
    def workflow_files(self) -> list[Path]:
        """The files of rules, those of benchmarks included."""
        return [path for path in self.files if path.suffix == ".smk" or path.name == "Snakefile"]

    @cached_property
    def rule_names(self) -> list[re.Pattern[str]]:
        """Patterns of the names of the workflow's rules; a `name: f"..."` in a loop stands for several."""
        patterns = []
        for path in self.workflow_files:
            if path.parent in (self.root, self.root / "workflow" / "rules"):
                content = path.read_text(encoding="utf-8")
                patterns += [re.escape(name or alias) for name, alias in RULE.findall(content)]
                for match in RULE_NAME.finditer(content):
                    parts = re.split(r"\{[^{}]*\}", match["name"]) if match["form"] else [match["name"]]
                    patterns.append(r"\w+".join(map(re.escape, parts)))
        return [re.compile(pattern) for pattern in patterns]

    @cached_property
    def make_targets(self) -> set[str]:
        """The targets of the Makefile."""
        makefile = self.root / "Makefile"
        content = makefile.read_text(encoding="utf-8") if makefile.is_file() else ""
        return {target for targets in MAKE_TARGETS.findall(content) for target in targets.split()} - {".PHONY"}

    def name(self, path: Path) -> str:
        """A path as defects name it."""
        return path.relative_to(self.root).as_posix()


@dataclass(frozen=True)
class Page:
    """A Markdown file."""

    project: Project
    path: Path

    @cached_property
    def text(self) -> str:
        """All of its text."""
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def blocks(self) -> list[Block]:
        """Its blocks of prose and code."""
        return list(read_blocks(self.text.splitlines()))

    @cached_property
    def paragraphs(self) -> list[tuple[int, str]]:
        """Its paragraphs, list items, headings and table rows, each with the number of its first line."""
        return [paragraph for block in self.blocks if block.kind == "prose" for paragraph in split_prose(block)]

    @cached_property
    def spans(self) -> list[tuple[int, str]]:
        """What is in backticks, with its line."""
        return [
            (line + text.count("\n", 0, match.start()), " ".join(match["code"].split()))
            for line, text in self.paragraphs
            for match in SPAN.finditer(text)
        ]

    @cached_property
    def anchors(self) -> set[str]:
        """What a link to a part of this page may name."""
        seen: Counter[str] = Counter()
        anchors = set(HTML_ANCHOR.findall(self.text))
        for _, text in self.paragraphs:
            if heading := HEADING.match(text):
                slug = slug_of(heading["text"])
                anchors.add(f"{slug}-{seen[slug]}" if seen[slug] else slug)
                seen[slug] += 1
        return anchors

    def defect(self, line: int, found: str, expected: str) -> Defect:
        """A defect of this page."""
        return Defect(self.project.name(self.path), line, found, expected)


def walk(root: Path) -> Iterator[Path]:
    """All files but hidden and compiled ones."""
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name != "__pycache__")
        yield from (Path(folder) / name for name in sorted(names))


# Markdown


def read_blocks(lines: list[str]) -> Iterator[Block]:
    """Split Markdown into blocks. An item of a list moves the margin of the code below it."""
    number = margin = 0
    while number < len(lines):
        start = number
        if not lines[start].strip():
            number += 1
        elif fence := FENCE.match(lines[start]):
            end = end_of_fence(lines, start + 1, fence["mark"])
            number = end + 1
            yield Block("fence", start + 1, lines[start + 1 : end], fence["language"].lower(), end < len(lines))
        elif indentation(lines[start]) >= margin + 4:
            while number < len(lines) and (not lines[number].strip() or indentation(lines[number]) >= margin + 4):
                number += 1
            yield Block("indented", start, lines[start:number])
        else:
            margin = min(margin, indentation(lines[start]))
            while number < len(lines) and lines[number].strip() and not FENCE.match(lines[number]):
                if item := ITEM.match(lines[number]):
                    margin = item.end()
                number += 1
            yield Block("prose", start, lines[start:number])


def end_of_fence(lines: list[str], number: int, mark: str) -> int:
    """Index of the line that ends a fence; if none does, the number of lines."""
    for index in range(number, len(lines)):
        line = lines[index].strip()
        if len(line) >= len(mark) and set(line) == {mark[0]}:
            return index
    return len(lines)


def indentation(line: str) -> int:
    """How many columns a line is indented by."""
    line = line.expandtabs(4)
    return len(line) - len(line.lstrip(" "))


def split_prose(block: Block) -> Iterator[tuple[int, str]]:
    """Paragraphs of a block of prose, each with the number of its first line."""
    starts = {index for index, line in enumerate(block.lines) if index == 0 or STARTS.match(line)}
    # what follows a heading or a row is not a part of it
    starts |= {index + 1 for index in starts if block.lines[index].lstrip().startswith(("#", "|"))}
    bounds = sorted(starts | {len(block.lines)})
    for start, end in zip(bounds, bounds[1:], strict=False):
        yield block.above + start + 1, "\n".join(block.lines[start:end])


def slug_of(heading: str) -> str:
    """The anchor that GitHub gives to a heading."""
    text = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", heading)
    text = re.sub(r"(?<!\w)_([^_]+)_(?!\w)", r"\1", text)
    return re.sub(r"[^\w\- ]", "", text.strip().lower()).replace(" ", "-")


# Conflicts, links, tables, code and paths


def conflict_defects(project: Project) -> Iterator[Defect]:
    """Marks that a merge has left in any text file."""
    for path in project.files:
        content = path.read_bytes()
        if b"\0" in content[:8192]:
            continue
        lines = content.decode("utf-8", errors="replace").splitlines()
        for number, line in enumerate(lines, start=1):
            # seven equals signs also underline a title of seven letters
            underlines = line.startswith("=") and number > 1 and len(lines[number - 2].strip()) == 7
            if CONFLICT.match(line) and not underlines:
                found = f"`{line}` is a conflict marker of a merge"
                yield Defect(project.name(path), number, found, "keep the text that is right, without the marker")


def link_defects(page: Page) -> Iterator[Defect]:
    """Links to files or headings that do not exist."""
    for line, text in page.paragraphs:
        prose = SPAN.sub(lambda span: re.sub(r"[^\n]", " ", span[0]), text)
        for pattern in (LINK, DEFINITION, HTML_LINK):
            for match in pattern.finditer(prose):
                yield from target_defects(page, line + prose.count("\n", 0, match.start("target")), match["target"])


def target_defects(page: Page, line: int, target: str) -> Iterator[Defect]:
    """What is wrong with the target of one link."""
    if ON_THE_WEB.match(target):
        return
    name, _, anchor = unquote(target).partition("#")
    path = page.path if not name else page.project.root / name[1:] if name[0] == "/" else page.path.parent / name
    if not path.exists():
        yield page.defect(line, f"the link `{target}` leads to no file", "name a file, from the folder of this one")
    elif anchor and path.suffix == ".md" and anchor not in Page(page.project, path).anchors:
        expected = f"name the anchor of a heading of {name or 'this file'}"
        yield page.defect(line, f"the link `{target}` leads to no heading", expected)


def table_defects(page: Page) -> Iterator[Defect]:
    """Rows of a table with another number of cells than its header."""
    for block in page.blocks:
        lines = block.lines if block.kind == "prose" else []
        for index, line in enumerate(lines[1:]):
            if "|" in line and "|" in lines[index] and DELIMITERS.match(line):
                yield from row_defects(page, block.above + index + 1, lines[index:])
                break


def row_defects(page: Page, first: int, rows: list[str]) -> Iterator[Defect]:
    """The same in one table, whose header is in line `first`."""
    expected = count_cells(rows[0])
    for number, row in enumerate(rows, start=first):
        if ENDS_TABLE.match(row):
            return
        if (found := count_cells(row)) != expected:
            advice = f"its header has {expected} (write a pipe inside a cell as `\\|`, also in backticks)"
            yield page.defect(number, f"the table row has {found} cells", advice)


def count_cells(row: str) -> int:
    """How many cells GitHub sees in a row: only a backslash keeps a pipe in a cell, backticks do not."""
    row = row.strip().removeprefix("|")
    row = row[:-1] if row.endswith("|") and not row.endswith("\\|") else row
    return len(re.split(r"(?<!\\)\|", row))


def code_defects(page: Page) -> Iterator[Defect]:
    """Fences without an end, and Python or YAML in fences that does not parse."""
    for block in page.blocks:
        code = textwrap.dedent("\n".join(block.lines))
        if not block.closed:
            yield page.defect(block.above, "the code fence has no end", "close it")
        if block.language in ("python", "py"):
            try:
                compile(plain_python(code), "<documentation>", "exec", dont_inherit=True)
            except SyntaxError as error:
                found = f"the Python code does not compile ({error.msg})"
                yield page.defect(block.above + (error.lineno or 1), found, "write valid Python")
        if block.language in ("yaml", "yml"):
            try:
                list(yaml.safe_load_all(code))
            except yaml.MarkedYAMLError as error:
                line = error.problem_mark.line if error.problem_mark else 0
                found = f"the YAML does not parse ({error.problem})"
                yield page.defect(block.above + line + 1, found, "write valid YAML")


def plain_python(code: str) -> str:
    """Python code without the prompts and the output of a session."""
    if not code.lstrip().startswith(">>>"):
        return code
    return "".join(example.source for example in doctest.DocTestParser().get_examples(code))


def path_defects(page: Page) -> Iterator[Defect]:
    """Paths of the project's files, in backticks, that do not exist."""
    for line, span in page.spans:
        for path in missing_paths(span, page.project.root, page.path.parent):
            yield page.defect(line, f"the file `{path}` does not exist", "name a file of the project")


def comment_defects(project: Project) -> Iterator[Defect]:
    """The same in the comments of rules and profiles."""
    profiles = [path for path in project.files if re.fullmatch(r"profiles/[^/]+/config\.yaml", project.name(path))]
    for file in project.workflow_files + profiles:
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
            if comment := COMMENT.search(line):
                for path in missing_paths(comment["text"], project.root):
                    found = f"the file `{path}` of the comment does not exist"
                    yield Defect(project.name(file), number, found, "name a file of the project")


def missing_paths(text: str, *folders: Path) -> Iterator[str]:
    """Paths in a text that look like the project's, and exist in none of the folders."""
    for match in OWN_PATH.finditer(text):
        if not any(exists(folder, match["path"].rstrip(".,-")) for folder in folders):
            yield match[0].rstrip(".,-")


def exists(folder: Path, path: str) -> bool:
    """Whether there is such a file or folder, with anything in place of placeholders."""
    parts = [
        part if part == "**" else re.sub(r"\*+", "*", PLACEHOLDER.sub("*", part)) for part in path.split("/") if part
    ]
    if any("*" in part for part in parts):
        return any(folder.glob("/".join(parts)))
    return folder.joinpath(*parts).exists()


# Commands


@dataclass
class Shell:
    """Where the commands of a block run (`None`: in a folder of the reader's), and what they have made there."""

    project: Project
    here: Path | None
    made: set[str] = field(default_factory=set)

    def locate(self, word: str) -> tuple[Path, str] | None:
        """The folder and the path in it that a word names; nothing if only the reader knows."""
        if word == "path/to/realign" or word.startswith("path/to/realign/"):
            return self.project.root, word.removeprefix("path/to/realign").strip("/")
        path = word.removeprefix("./")
        known = {path.rstrip("/"), *map(str, Path(path).parents)} - {"."}
        is_readers = word.startswith(("/", "~", "$", "path/to/")) or PLACEHOLDER.match(word)
        return None if self.here is None or is_readers or self.made & known else (self.here, path)

    def lacks(self, word: str) -> bool:
        """Whether a path in a command is known not to exist."""
        located = self.locate(word)
        return located is not None and not exists(*located)

    def change_folder(self, word: str) -> None:
        """Go where `cd` goes: into the project, or into a folder of the reader's."""
        located = self.locate(word)
        folder = located[0].joinpath(located[1]) if located else None
        if word.rstrip("/") == "realign":
            self.here = self.project.root
        else:
            self.here = folder.resolve() if folder and folder.is_dir() else None


def command_defects(page: Page) -> Iterator[Defect]:
    """Commands, in blocks or in backticks, that do not run."""
    for block in page.blocks:
        if is_shell(block, page.project):
            shell = Shell(page.project, page.project.root)
            for line, command in commands_of(block):
                for found, expected in line_complaints(command, shell):
                    yield page.defect(line, found, expected)
    for line, span in page.spans:
        if " " in span and span.split()[0] in READERS:
            for found, expected in line_complaints(span, Shell(page.project, page.project.root)):
                yield page.defect(line, found, expected)


def is_shell(block: Block, project: Project) -> bool:
    """Whether a block holds commands: the language of a fence says so, or the first word of an indented block."""
    if block.kind != "indented":
        return block.language in ("bash", "sh", "shell", "console")
    word = block.lines[0].strip().removeprefix("$ ").split()[0]
    if PROGRAM_PATH.match(word):
        return not (project.root / word).is_dir()
    return word in READERS or word in ALLOWED or word in PREFIXES or re.match(r"\w+=", word) is not None


def commands_of(block: Block) -> Iterator[tuple[int, str]]:
    """The commands of a block, with their lines: without output, and without what is fed to `<<`."""
    prompted = any(line.lstrip().startswith("$ ") for line in block.lines)
    lines = iter(enumerate(block.lines, start=block.above + 1))
    for number, line in lines:
        if prompted and not line.lstrip().startswith("$ "):
            continue
        command = line.strip().removeprefix("$ ")
        while command.endswith("\\"):
            command = command[:-1] + next(lines, (0, ""))[1].strip()
        if heredoc := HEREDOC.search(command):
            command = command[: heredoc.start()] + command[heredoc.end() :].lstrip("\"'")
            any(line.strip() == heredoc[1] for _, line in lines)  # goes on behind the end of the text
        yield number, command


def line_complaints(line: str, shell: Shell) -> Complaints:
    """What is wrong with a line of commands."""
    # placeholders in angle brackets are no redirections
    line = re.sub(r"<(\w[\w .-]*)>", lambda match: "{" + match[1].replace(" ", "_") + "}", line)
    line = re.sub(r"(?<=\s)\d(?=[<>])", "", line)
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    try:
        tokens = list(lexer)
    except ValueError as error:
        yield f"a shell cannot read the command ({error})", "close its quotes"
        return
    for words, written in simple_commands(tokens):
        yield from command_complaints(words, shell)
        shell.made.update(written)


def simple_commands(tokens: list[str]) -> Iterator[tuple[list[str], list[str]]]:
    """Split a line at `&&`, `|` and the like: the words of each command, and the files that its output goes to."""
    words: list[str] = []
    written: list[str] = []
    redirection = ""
    for token in tokens:
        if redirection:
            written += [token] if ">" in redirection else []
            redirection = ""
        elif token and set(token) <= set("<>&|") and token[0] in "<>":
            redirection = token
        elif token and set(token) <= set("();&|"):
            if words:
                yield words, written
            words, written = [], []
        else:
            words.append(token)
    if words:
        yield words, written


def command_complaints(words: list[str], shell: Shell) -> Complaints:
    """What is wrong with one command."""
    words = without_prefixes(words)
    if not words:
        return
    program, *arguments = words
    program = program.removeprefix(".venv/bin/")
    if program == "cd":
        shell.change_folder(arguments[0] if arguments else "~")
    elif program in READERS:
        yield from READERS[program](arguments, shell)
    elif "/" in program:
        yield from executable_complaints(program, shell)
    elif program in ("mkdir", "touch", "cp", "mv", "ln"):
        made = arguments if program in ("mkdir", "touch") else arguments[-1:]
        shell.made.update(path.rstrip("/") for path in made)
    elif program not in ALLOWED and not PLACEHOLDER.match(program):
        yield f"`{program}` is an unknown program", "call one that docs/check.py knows, or add it to ALLOWED there"


def without_prefixes(words: list[str]) -> list[str]:
    """A command without assignments to variables, without `time` and the like, and without their options."""
    while words and (words[0] in PREFIXES or re.match(r"\w+=", words[0])):
        options = 1
        while words[0] in PREFIXES and options < len(words) and re.match(r"-|\d+$", words[options]):
            options += 1
        words = words[options:]
    return words


def executable_complaints(program: str, shell: Shell) -> Complaints:
    """A program that is named by its path must exist and be executable."""
    located = shell.locate(program)
    if shell.lacks(program):
        yield f"the program `{program}` does not exist", "name an executable file of the project"
    elif located and not PLACEHOLDER.search(program) and not os.access(located[0] / located[1], os.X_OK):
        yield f"the program `{program}` is not executable", "name an executable file of the project"


def make_complaints(arguments: list[str], shell: Shell) -> Complaints:
    """Targets of `make` must be in the Makefile."""
    targets = shell.project.make_targets
    words = iter(arguments)
    for word in words:
        if word in ("-C", "-f", "-j"):
            next(words, None)
        elif not word.startswith("-") and "=" not in word and not PLACEHOLDER.search(word) and word not in targets:
            names = ", ".join(sorted(target for target in targets if "/" not in target))
            yield f"`make {word}` asks for a target that the Makefile does not have", f"name one of {names}"


def python_complaints(arguments: list[str], shell: Shell) -> Complaints:
    """A script must exist, and so must a module."""
    words = iter(arguments)
    for word in words:
        if word == "-m":
            yield from module_complaints(next(words, ""), list(words), shell)
        if word in ("-m", "-c"):
            return
        if not word.startswith("-"):
            yield from script_complaints([word], shell)
            return


def module_complaints(module: str, arguments: list[str], shell: Shell) -> Complaints:
    """A module must be under `workflow/`, or of an installed package."""
    if module in READERS:
        yield from READERS[module](arguments, shell)
        return
    library = shell.project.root / "workflow"
    base = library.joinpath(*module.split("."))
    top = module.partition(".")[0]
    if (library / top).exists():
        found = base.with_suffix(".py").is_file() or (base / "__main__.py").is_file()
    else:
        found = bool(top) and importlib.util.find_spec(top) is not None
    if not found and not PLACEHOLDER.search(module):
        yield f"`python -m {module}` names a module that does not exist", "name one under workflow/, or of a package"


def script_complaints(arguments: list[str], shell: Shell) -> Complaints:
    """A script that an interpreter is given must exist."""
    if arguments and not arguments[0].startswith("-") and shell.lacks(arguments[0]):
        yield f"the script `{arguments[0]}` does not exist", "name a script of the project"


def pip_complaints(arguments: list[str], shell: Shell) -> Complaints:
    """A file of requirements must exist; nobody asks whether packages do."""
    for option, path in zip(arguments, arguments[1:], strict=False):
        if option in ("-r", "--requirement", "-c", "--constraint") and shell.lacks(path):
            yield f"the file of requirements `{path}` does not exist", "name a file of the project"


def snakemake_complaints(arguments: list[str], shell: Shell) -> Complaints:
    """Options must be Snakemake's, files must exist, and rules must be the workflow's."""
    from snakemake.exceptions import CliException

    try:
        with contextlib.redirect_stdout(io.StringIO()):
            options, unknown = argparse.ArgumentParser.parse_known_args(snakemake_parser(), arguments)
    except SystemExit:  # --help, --version
        return
    except (ValueError, CliException) as error:
        if not any(PLACEHOLDER.search(word) for word in arguments):
            yield f"Snakemake refuses the command ({error})", "give options as `snakemake --help` says"
        return
    # plugins that are not installed have options too
    foreign = tuple(f"--{plugin}-" for plugin in ("storage", options.executor) if plugin)
    for option in unknown:
        if option.startswith("-") and not option.startswith(foreign) and not PLACEHOLDER.search(option):
            yield f"Snakemake has no option `{option}`", "give one that `snakemake --help` lists"
    for option, path in missing_options(options, shell):
        yield f"the path of `{option} {path}` does not exist", "name a file or folder of the project"
    # what follows an unknown option is its value, but looks like a target
    values = {value for option, value in zip(arguments, arguments[1:], strict=False) if option in unknown}
    for name in named_rules(options) - values:
        if not any(rule.fullmatch(name) for rule in shell.project.rule_names):
            yield f"the workflow has no rule `{name}`", "name a rule of workflow/rules/"


def missing_options(options: argparse.Namespace, shell: Shell) -> Iterator[tuple[str, str]]:
    """Options with the path of a file or folder that does not exist."""
    snakefile = options.snakefile and str(options.snakefile)
    if snakefile and snakefile.startswith("path/to/"):  # from a folder of the reader's
        shell = Shell(shell.project, None)
    named = [("--snakefile", snakefile)] if snakefile else []
    named += [("--configfile", str(path)) for path in options.configfile or []]
    named += [("--profile", path) for path in options.profile or [] if path != "none"]
    yield from ((option, path) for option, path in named if shell.lacks(path))
    profile = options.workflow_profile
    if profile not in (None, "none") and shell.lacks(profile) and shell.lacks(f"profiles/{profile}"):
        yield "--workflow-profile", profile


def named_rules(options: argparse.Namespace) -> set[str]:
    """What options and targets name as a rule, and not as a file."""
    selected = [options.until, options.omit_from, options.forcerun, options.prioritize, options.allowed_rules]
    selected += [options.set_resources, options.set_threads, options.targets]
    names = {str(name) for rules in selected for name in rules or []}
    return {name for name in names if re.fullmatch(r"\w+", name) and not PLACEHOLDER.search(name)}


@cache
def snakemake_parser() -> Any:
    """Snakemake's own parser, with errors that can be caught, and with plugins that are not installed."""
    from snakemake.cli import get_argument_parser

    def refuse(message: str) -> None:
        raise ValueError(message)

    parser = get_argument_parser()
    parser.error = refuse
    for action in parser._actions:
        if action.dest in ("executor", "logger"):
            action.choices = None
    return parser


def realign_complaints(arguments: list[str], shell: Shell) -> Complaints:
    """A command must exist, and have the options; those of `run` are Snakemake's."""
    name, *rest = arguments or ["--help"]
    if name == "run":
        yield from snakemake_complaints([word for word in rest if word != "slurm" and word != "--profile"], shell)
        return
    known = own_options()
    if name not in known and not name.startswith("-") and not PLACEHOLDER.search(name) and name != "COMMAND":
        yield f"`realign` has no command `{name}`", "name one that `realign --help` lists"
    for option in rest:
        if name in known and option.startswith("--") and option.partition("=")[0] not in known[name]:
            yield f"`realign {name}` has no option `{option}`", f"give one that `realign {name} --help` lists"


@cache
def own_options() -> dict[str, set[str]]:
    """The options of every command of `realign`, from its help."""
    sys.path.insert(0, str(Path(__file__).parents[1] / "workflow"))
    from realign.command.main import COMMANDS

    options = {}
    for command in COMMANDS:
        said = io.StringIO()
        with contextlib.redirect_stdout(said), contextlib.suppress(SystemExit):
            importlib.import_module(command.module).main(["--help"])
        options[command.name] = set(re.findall(r"--[\w-]+", said.getvalue()))
    return options


# The programs whose arguments are read.
READERS = {
    "make": make_complaints,
    "snakemake": snakemake_complaints,
    "realign": realign_complaints,
    "python": python_complaints,
    "python3": python_complaints,
    "pip": pip_complaints,
    "pip3": pip_complaints,
    "bash": script_complaints,
    "sh": script_complaints,
}


def find_defects(project: Project) -> list[Defect]:
    """All defects, by file and line."""
    defects = {*conflict_defects(project), *comment_defects(project)}
    for page in project.pages:
        for check in (link_defects, table_defects, code_defects, path_defects, command_defects):
            defects.update(check(page))
    return sorted(defects)


def main() -> int:
    """Print the defects of this project's documentation."""
    project = Project(Path(__file__).resolve().parents[1])
    defects = find_defects(project)
    for defect in defects:
        print(defect)
    if not defects:
        print(f"No defects in {len(project.pages)} Markdown files.")
    return 1 if defects else 0


if __name__ == "__main__":
    sys.exit(main())
