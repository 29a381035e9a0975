"""The documentation has no dead links, broken tables or commands that do not run, and each kind of defect is found."""

import re
import subprocess
import sys
from pathlib import Path
from textwrap import dedent
from types import ModuleType

import pytest

from study import PROJECT

OURS, BASE, MIDDLE, THEIRS = (sign * 7 for sign in "<|=>")  # in one piece they would be found in this file
RULES = """
rule finetune:
    input: "x"

use rule finetune as finetune_jointly with:
    input: "y"

for aligner in ALIGNERS:
    rule:
        name: f"align_{aligner}"
"""


@pytest.fixture
def check(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(PROJECT / "docs"))
    import check

    return check


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A made-up project without documentation."""
    contents = {
        "Makefile": ".PHONY: test\n\nBIN := bin\n\ntest: installed\n\t@true\n",
        "Snakefile": "rule all:\n    default_target: True\n",
        "workflow/rules/training.smk": RULES,
        "workflow/realign/config.py": "",
        "workflow/progress": "",
        "workflow/plain": "",
        "experiments/acl2023.yaml": "",
        "profiles/slurm/config.yaml": "",
        "docs/other.md": "# A `code` title, and more\n\n## Twice\n\n## Twice\n",
        "lab/train.en.txt": "",
    }
    for name, content in contents.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content, encoding="utf-8")
    (tmp_path / "workflow" / "progress").chmod(0o755)
    return tmp_path


def sentences(check: ModuleType, folder: Path, page: str = "") -> list[str]:
    """The defects of a project with this page in `docs/`."""
    if page:
        (folder / "docs" / "page.md").write_text(page, encoding="utf-8")
    return [str(defect) for defect in check.find_defects(check.Project(folder))]


def command(line: str) -> str:
    return f"Do this:\n\n    {line}\n"


def test_the_documentation_has_no_defects() -> None:
    done = subprocess.run([sys.executable, "docs/check.py"], cwd=PROJECT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.splitlines()[1:], done.stderr) == (0, [], ""), done.stdout


def test_a_defect_makes_the_check_fail(
    check: ModuleType, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(check, "__file__", str(folder / "docs" / "check.py"))
    assert check.main() == 0
    (folder / "docs" / "page.md").write_text("[text](lost.md)\n", encoding="utf-8")
    capsys.readouterr()
    assert check.main() == 1
    expected = "the link `lost.md` leads to no file; name a file, from the folder of this one."
    assert capsys.readouterr().out == f"docs/page.md:1: {expected}\n"


@pytest.mark.parametrize("name", ["docs/page.md", "workflow/realign/code.py"])
@pytest.mark.parametrize("marker", [f"{OURS} HEAD", f"{BASE} base", MIDDLE, f"{THEIRS} branch"])
def test_conflict_markers_are_found(check: ModuleType, folder: Path, name: str, marker: str) -> None:
    (folder / name).write_text(f"one line\n{marker}\nanother\n", encoding="utf-8")
    (found,) = sentences(check, folder)
    assert found.startswith(f"{name}:2: `{marker}` is a conflict marker")


def test_an_underlined_title_is_no_conflict(check: ModuleType, folder: Path) -> None:
    (folder / "workflow" / "report.rst").write_text(f"Figures\n{MIDDLE}\n\n{'=' * 9}\n", encoding="utf-8")
    (folder / "weights.bin").write_bytes(b"\0\n" + OURS.encode() + b"\n")
    assert sentences(check, folder) == []


def test_of_a_git_repository_only_tracked_files_are_read(check: ModuleType, folder: Path) -> None:
    (folder / "docs" / "page.md").write_text("[text](lost.md)\n", encoding="utf-8")
    git = ["git", "-C", str(folder)]
    subprocess.run([*git, "init", "--quiet"], check=True)
    subprocess.run([*git, "add", "docs/other.md"], check=True)
    assert sentences(check, folder) == []
    subprocess.run([*git, "add", "docs/page.md"], check=True)
    assert len(sentences(check, folder)) == 1


@pytest.mark.parametrize(
    ("link", "complaint"),
    [
        ("[text](lost.md)", "`lost.md` leads to no file"),
        ("![text](lost.svg)", "`lost.svg` leads to no file"),
        ('[text](lost.md "title")', "`lost.md` leads to no file"),
        ("[text]: lost.md", "`lost.md` leads to no file"),
        ('<img src="lost.svg">', "`lost.svg` leads to no file"),
        ("[text](docs/other.md)", "`docs/other.md` leads to no file"),
        ("[text](/other.md)", "`/other.md` leads to no file"),
        ("[text](other.md#lost)", "`other.md#lost` leads to no heading"),
        ("[text](other.md#twice-2)", "`other.md#twice-2` leads to no heading"),
        ("[text](#lost)", "`#lost` leads to no heading"),
    ],
)
def test_dead_links_are_found(check: ModuleType, folder: Path, link: str, complaint: str) -> None:
    (found,) = sentences(check, folder, f"# Title\n\nSome text,\n{link}\n")
    assert found.startswith(f"docs/page.md:4: the link {complaint};")


@pytest.mark.parametrize(
    "link",
    [
        "[text](other.md)",
        "[text](../lab)",
        "[text](/lab/train.en.txt)",
        "[text](https://example.org/lost.md)",
        "[text](mailto:someone@example.org)",
        "[text](other.md#a-code-title-and-more)",
        "[text](other.md#twice) [text](other.md#twice-1)",
        "[text](#title-größe_1)",
        "`[text](lost.md)`",
        "```text\n[text](lost.md)\n```",
    ],
)
def test_other_links_are_not_found(check: ModuleType, folder: Path, link: str) -> None:
    assert sentences(check, folder, f"# Title: *Größe_1*\n\n{link}\n") == []


def test_broken_tables_are_found(check: ModuleType, folder: Path) -> None:
    page = r"""
        | key | meaning |
        | --- | --: |
        | good | `a \|\|\| b` |
        | bad | `a ||| b` |
        | short |
        good again | without pipes outside

        | key | meaning |
        | --- |

        | no | table | here |
        """
    found = sentences(check, folder, dedent(page).lstrip())
    expected = [(4, 5, 2), (5, 1, 2), (9, 1, 2)]
    assert [sentence.partition(" (write")[0] for sentence in found] == [
        f"docs/page.md:{line}: the table row has {cells} cells; its header has {header}"
        for line, cells, header in expected
    ]


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("make tset", "`make tset` asks for a target that the Makefile does not have; name one of test"),
        ("make -j2 test lost", "`make lost` asks for a target"),
        ("snakemake --dry-run --lost", "Snakemake has no option `--lost`"),
        ("snakemake --jobs many --cores", "Snakemake refuses the command"),
        ("snakemake --configfile experiments/lost.yaml", "the path of `--configfile experiments/lost.yaml` does not"),
        ("snakemake --configfile path/to/realign/lost.yaml", "the path of `--configfile path/to/realign/lost.yaml`"),
        ("snakemake --profile profiles/lost", "the path of `--profile profiles/lost` does not exist"),
        ("snakemake --workflow-profile lost", "the path of `--workflow-profile lost` does not exist"),
        ("snakemake -s path/to/realign/lost", "the path of `--snakefile path/to/realign/lost` does not exist"),
        ("snakemake -j8 --until lost", "the workflow has no rule `lost`"),
        ("snakemake -j8 --forcerun finetune lost", "the workflow has no rule `lost`"),
        ("snakemake -j8 --allowed-rules lost", "the workflow has no rule `lost`"),
        ("snakemake -j8 --set-resources lost:mem_mb=100", "the workflow has no rule `lost`"),
        ("snakemake -j8 results/a.csv lost", "the workflow has no rule `lost`"),
        ("cd study && time python3 -m snakemake -j8 --until lost", "the workflow has no rule `lost`"),
        ("cd realign && snakemake --configfile lost.yaml", "the path of `--configfile lost.yaml` does not exist"),
        ("cd lab && bash paper.sh", "the script `paper.sh` does not exist"),
        ("X=1 python benchmarks/lost.py", "the script `benchmarks/lost.py` does not exist"),
        (".venv/bin/python -m realign.lost", "`python -m realign.lost` names a module that does not exist"),
        ("python -m lost_package", "`python -m lost_package` names a module that does not exist"),
        ("pip install -r lost.txt", "the file of requirements `lost.txt` does not exist"),
        ("bash lost.sh", "the script `lost.sh` does not exist"),
        ("mkdir study && workflow/lost study", "the program `workflow/lost` does not exist"),
        ("path/to/realign/workflow/lost", "the program `path/to/realign/workflow/lost` does not exist"),
        ("workflow/plain", "the program `workflow/plain` is not executable"),
        ("mkdir study && snakmake -j8", "`snakmake` is an unknown program"),
        ("echo 'no end", "a shell cannot read the command"),
    ],
)
def test_commands_that_do_not_run_are_found(check: ModuleType, folder: Path, line: str, complaint: str) -> None:
    (found,) = sentences(check, folder, command(line))
    assert found.startswith(f"docs/page.md:3: {complaint}")


@pytest.mark.parametrize(
    "line",
    [
        "make            # makes it all",
        "make -C path/to/realign -j 2 test PYTHON=python3.11",
        "snakemake -j8 --until finetune finetune_jointly align_dictionary all",
        "snakemake -n -q rules --configfile experiments/acl2023.yaml --profile profiles/slurm > plan.txt 2>&1",
        "snakemake --slurm-status-command sacct --workflow-profile slurm",
        "snakemake --executor lsf --lsf-project mine --default-storage-provider s3 --storage-s3-region eu",
        "snakemake --profile … --until <rule name> -j<cores>",
        "snakemake --configfile path/to/mine.yaml ~/mine.yaml {name}.yaml",
        "cd study && snakemake -s path/to/realign/Snakefile --configfile mine.yaml",
        "snakemake -s path/to/realign/Snakefile --configfile mine.yaml",
        "cd study && snakemake --configfile mine.yaml",
        "cd experiments && snakemake --configfile acl2023.yaml",
        "cp experiments/acl2023.yaml mine.yaml && snakemake --configfile mine.yaml",
        "git clone https://example.org/realign && cd realign && snakemake --configfile experiments/acl2023.yaml",
        "snakemake --help",
        "PYTHONPATH=workflow python -u -m realign.config > docs/config.md",
        "python -m pip install torch && pip install torch",
        "python -c 'print(1)'",
        "path/to/realign/workflow/progress [FOLDER]   # the folder",
        "workflow/progress study | head; watch -n 5 workflow/progress",
        "export CACHE=$PWD/cache",
        "find cache -type f -delete",
    ],
)
def test_other_commands_are_not_found(check: ModuleType, folder: Path, line: str) -> None:
    assert sentences(check, folder, command(line)) == []


@pytest.mark.parametrize(
    ("page", "line"),
    [
        ("```bash\n# comment\n\nmake \\\n  lost\n```\n", 4),
        ("~~~ sh\nmake lost\n~~~\n", 2),
        ("```console\n$ make test\nmade\n$ make lost\n```\n", 4),
        ("1. First:\n\n   ```bash\n   make lost\n   ```\n", 4),
        ("- First:\n\n      make lost\n", 3),
        ("    make test\n\n    make lost\n", 3),
        ("```bash\ncat > x <<EOF\nall kinds of things\nEOF\nmake lost\n```\n", 5),
        ("Text, `make test`, and `make\nlost`.\n", 1),
        ("| a |\n| - |\n| `make test \\| make lost` |\n", 3),
    ],
)
def test_commands_are_found_wherever_they_stand(check: ModuleType, folder: Path, page: str, line: int) -> None:
    (found,) = sentences(check, folder, page)
    assert found.startswith(f"docs/page.md:{line}: `make lost` asks for a target")


@pytest.mark.parametrize(
    "page",
    [
        "```text\nmake lost\n```\n",
        "- First,\n\n    make lost\n",
        "Some text,\n    make lost\n",
        "    running since today\n    make lost\n",
    ],
)
def test_what_is_no_command_is_not_found(check: ModuleType, folder: Path, page: str) -> None:
    assert sentences(check, folder, page) == []


@pytest.mark.parametrize(
    ("page", "line", "complaint"),
    [
        ("```python\nx = 1\nx = (\n```\n", 3, "the Python code does not compile"),
        ("```python\n>>> x = 1\n>>> x y\n1\n```\n", 3, "the Python code does not compile"),
        ("```yaml\na: 1\nb: [\n```\n", 3, "the YAML does not parse"),
        ("Text.\n\n```text\nno end\n", 3, "the code fence has no end; close it"),
    ],
)
def test_code_that_does_not_parse_is_found(
    check: ModuleType, folder: Path, page: str, line: int, complaint: str
) -> None:
    (found,) = sentences(check, folder, page)
    assert found.startswith(f"docs/page.md:{line}: {complaint}")


def test_code_that_parses_is_not_found(check: ModuleType, folder: Path) -> None:
    page = """
        ```python
        >>> 1 + 1
        2
        ```

        - An item:

          ```yaml
          a: &b {c: "{d}"}
          e: *b
          ```
        """
    assert sentences(check, folder, dedent(page)) == []


@pytest.mark.parametrize(
    "path",
    ["workflow/lost.py", "lab/{split}.lost.txt", "experiments/*.csv", "docs/x/", "path/to/realign/workflow/lost"],
)
def test_lost_paths_are_found(check: ModuleType, folder: Path, path: str) -> None:
    (found,) = sentences(check, folder, f"Text\n(see `{path}`,\nand `lab/train.en.txt`).\n")
    assert found == f"docs/page.md:2: the file `{path}` does not exist; name a file of the project."


@pytest.mark.parametrize(
    "path",
    [
        "workflow/realign/config.py",
        "workflow/",
        "lab/{split}.<lang>.txt",
        "lab/train.xx.txt",
        "workflow/realign/**/config.py",
        "docs/…/",
        "experiments/...",
        "results/docs/lost.md",
        "path/to/realign/workflow/progress",
        "lab/near.md",
    ],
)
def test_other_paths_are_not_found(check: ModuleType, folder: Path, path: str) -> None:
    (folder / "docs" / "lab").mkdir()
    (folder / "docs" / "lab" / "near.md").touch()
    assert sentences(check, folder, f"Text `{path}`, and docs/lost.md.\n") == []


@pytest.mark.parametrize("name", ["profiles/slurm/config.yaml", "workflow/rules/training.smk", "Snakefile"])
def test_lost_paths_in_comments_are_found(check: ModuleType, folder: Path, name: str) -> None:
    with (folder / name).open("a", encoding="utf-8") as file:
        file.write("\nx: 1  # as in docs/other.md (docs/lost.md).\n")
    (found,) = sentences(check, folder)
    assert found.startswith(f"{name}:") and "the file `docs/lost.md` of the comment does not exist" in found


def test_every_row_of_the_faults_names_tests_that_exist() -> None:
    lines = (PROJECT / "docs/reliability.md").read_text(encoding="utf-8").splitlines()
    rows = lines[lines.index("| --- | --- | --- | --- |") + 1 :]
    rows = rows[: rows.index("")]
    assert len(rows) > 30
    for row in rows:
        command = re.search(r"\| `(tests/\w+\.py) -k \"?([^`\"]+)\"?` \|$", row)
        assert command is not None, row
        names = re.findall(r"^def (test_\w+)", (PROJECT / command[1]).read_text(encoding="utf-8"), re.MULTILINE)
        assert all(any(word in name for name in names) for word in command[2].split(" or ")), row
