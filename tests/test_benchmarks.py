"""What the benchmarks compare is comparable."""

from copy import deepcopy
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

from study import PROJECT

# what the workflow may have: rules in a loop, names that are no identifiers, constraints of two kinds, wildcards in two
# orders, flags, functions as inputs, a rule without jobs, and a target that is not the first rule
SNAKEFILE = """
wildcard_constraints:
    size=r"\\d+",

def of_start(wildcards):
    return {"only": f"start/{wildcards.kind}{wildcards.size}"}

for step, before in [("first", unpack(of_start)), ("second", "first/{kind}{size}")]:
    rule:
        name: f"{step}-step"
        input: before
        output: temp(step + "/{kind,[a-z]+}{size}"), step + "/{size}-{kind}"

rule start:
    output: "start/{name}"

rule unused:
    output: "unused/{name}"

rule everything:
    default_target: True
    input: "second/a11", "second/1-b", "gathered"

rule:
    name: "gather all"
    input: expand("second/{name}", name=["a1", "b11"])
    output: directory("gathered")
"""


@pytest.fixture
def dry_run(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(PROJECT / "benchmarks"))
    return import_module("dry_run")


def test_the_plain_dag_has_every_job_of_the_workflow(dry_run: ModuleType, tmp_path: Path) -> None:
    plan = dry_run.make_plan(dry_run.WORKFLOW, dry_run.write_config(1, tmp_path))
    dry_run.check(plan, dry_run.make_plan(dry_run.write_plain(plan, tmp_path)))


def test_a_plain_dag_is_made_of_any_rules_and_a_missing_input_is_noticed(dry_run: ModuleType, tmp_path: Path) -> None:
    snakefile = tmp_path / "Snakefile"
    snakefile.write_text(SNAKEFILE, encoding="utf-8")
    plan = dry_run.make_plan(snakefile)
    assert {name: len(rule.jobs) for name, rule in plan.items()} == {
        "everything": 1,
        "first-step": 4,
        "second-step": 4,
        "start": 4,
        "gather all": 1,
    }
    dry_run.check(plan, dry_run.make_plan(dry_run.write_plain(plan, tmp_path)))
    changed = deepcopy(plan)
    changed["first-step"].jobs["a", "1"][0].clear()
    with pytest.raises(SystemExit, match="different jobs.*first/a1"):
        dry_run.check(plan, dry_run.make_plan(dry_run.write_plain(changed, tmp_path)))
