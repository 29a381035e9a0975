"""Files that other tools read: the citation, the workflow catalogue, the container; and how the tests are run."""

import re
from pathlib import Path

import pytest
import yaml

import realign
from study import PROJECT


def test_the_citation_has_the_version_and_what_its_format_requires() -> None:
    citation = yaml.safe_load((PROJECT / "CITATION.cff").read_text(encoding="utf-8"))
    assert {"cff-version", "title", "message", "authors"} <= citation.keys()
    assert citation["version"] == realign.__version__


def test_the_catalogue_says_how_the_workflow_is_deployed() -> None:
    usage = yaml.safe_load((PROJECT / ".snakemake-workflow-catalog.yml").read_text(encoding="utf-8"))["usage"]
    assert set(usage) == {"software-stack-deployment", "report", "mandatory-flags"}
    assert (PROJECT / "config/config.yaml").read_text() == (PROJECT / "config.yaml").read_text()
    linked = re.findall(r"\]\((\S+)\)", (PROJECT / "config/README.md").read_text(encoding="utf-8"))
    assert linked and all((PROJECT / "config" / link).exists() for link in linked)


def test_the_container_copies_what_exists_and_installs_the_lock() -> None:
    steps = (PROJECT / "envs/Containerfile").read_text(encoding="utf-8").replace("\\\n", " ").splitlines()
    instructions = [line.split(maxsplit=1) for line in steps if line and not line.startswith("#")]
    known = {"FROM", "RUN", "WORKDIR", "COPY", "ENV", "ENTRYPOINT"}
    assert instructions[0][0] == "FROM" and {name for name, _ in instructions} <= known
    copied = [source for name, rest in instructions if name == "COPY" for source in rest.split()[:-1]]
    assert all(Path(PROJECT, source).exists() for source in copied)
    assert any(name == "RUN" and "--requirement requirements.lock" in rest for name, rest in instructions)
    left_out = (PROJECT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert {".venv", ".snakemake", "results"} <= set(left_out), "gigabytes in the image of whoever has run `make`"


@pytest.fixture(scope="module")
def dear() -> None:
    """Something that this module's tests share."""


@pytest.mark.xdist_group("together")
def test_tests_of_a_group_stay_on_one_worker(request: pytest.FixtureRequest) -> None:
    assert request.node.nodeid.endswith("@together") == in_parallel(request)


@pytest.mark.usefixtures("dear")
def test_tests_that_share_a_fixture_stay_on_one_worker(request: pytest.FixtureRequest) -> None:
    assert request.node.nodeid.endswith("@test_conventions") == in_parallel(request)


def in_parallel(request: pytest.FixtureRequest) -> bool:
    """Whether pytest-xdist has set this option in its workers."""
    return bool(getattr(request.config.option, "loadgroup", False))
