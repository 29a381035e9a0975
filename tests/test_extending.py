"""docs/extending.md applied: an aligner, a task, a kind, a corpus, a loss and a measure, each a module and a row."""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from runpy import run_path

import pandas as pd
import pytest
import torch
import yaml
from datasets import ClassLabel, Dataset, Features, Sequence, Value

from hub import serve
from hub_content import write_card
from realign.tasks.ner import read
from realign.text.labels import ENTITIES
from study import PROJECT, Study, merged

GUIDE = (PROJECT / "docs/extending.md").read_text(encoding="utf-8")
DIFFS = dict(re.findall(r"^## (.+?)\n.*?```diff\n(.+?)```", GUIDE, flags=re.DOTALL | re.MULTILINE))
EXAMPLES = dict(re.findall(r"^## (.+?)\n.*?```yaml\n(.+?)```", GUIDE, flags=re.DOTALL | re.MULTILINE))
PHRASES = {"DET": "B-NP", "ADJ": "I-NP", "NOUN": "I-NP", "VERB": "B-VP"}


def apply(diff: str, project: Path) -> set[str]:
    """Apply a diff of the guide to a copy of the project; the files that it touches."""
    command = ["git", "apply", "-"]
    subprocess.run(command, input=diff, text=True, cwd=project, check=True)
    return set(re.findall(r"^\+\+\+ b/(\S+)", diff, flags=re.MULTILINE))


def test_the_guide_shows_one_diff_and_one_config_for_each() -> None:
    assert list(DIFFS) == ["An aligner", "A task", "A kind of task", "A corpus", "A loss", "A measure"]
    assert list(DIFFS) == list(EXAMPLES)


@pytest.fixture(scope="module")
def extended(finished_study: Study, tmp_path_factory: pytest.TempPathFactory) -> Study:
    """A finished study whose project has all rows of the guide."""
    study = finished_study.copy(tmp_path_factory.mktemp("extended"))
    subprocess.run(["git", "init", "-q"], cwd=study.project, check=True)
    for diff in DIFFS.values():
        apply(diff, study.project)
    return study


def test_each_addition_is_its_own_files_and_one_registry() -> None:
    for title, diff in DIFFS.items():
        old = set(re.findall(r"^--- a/(\S+)", diff, flags=re.MULTILINE))
        assert len(old) == 1 and all(path.endswith("/registry.py") for path in old), title
        assert not re.findall(r"^-(?!-- )", diff, flags=re.MULTILINE), "nothing is replaced"


def test_a_new_row_leaves_every_finished_stage_as_it_is(extended: Study) -> None:
    # the command of the report names the project's folder, which is a copy here
    assert extended.planned() <= {"report.html"}


def phrases(conllu: str) -> str:
    """Two columns with a made-up label for each word of a treebank's file."""
    lines = []
    previous = "O"
    for line in conllu.splitlines():
        columns = line.split("\t")
        if len(columns) > 3 and columns[0].isdigit():
            label = PHRASES.get(columns[3], "O")
            if label == "I-NP" and not previous.endswith("NP"):
                label = "B-NP"
            lines.append(f"{columns[1]}\t{label}")
            previous = label
        elif not line.strip():
            lines.append("")
            previous = "O"
    return "\n".join(lines) + "\n"


def sentences(conllu: str) -> str:
    """Every second sentence is said to be a question."""
    texts = [
        " ".join(line.split("\t")[1] for line in block.splitlines() if line.split("\t")[0].isdigit())
        for block in conllu.strip().split("\n\n")
    ]
    return "".join(f"{('question', 'other')[number % 2]}\t{text}\n" for number, text in enumerate(texts))


def write_entities(folder: Path, split: str, path: Path) -> None:
    """A split of a dataset in the hub's layout, from a two-column file."""
    sentences = list(read(path, ENTITIES))
    columns = {"tokens": [one.tokens for one in sentences], "ner_tags": [one.labels for one in sentences]}
    features = Features(tokens=Sequence(Value("string")), ner_tags=Sequence(ClassLabel(names=list(ENTITIES))))
    folder.mkdir(parents=True, exist_ok=True)
    Dataset.from_dict(columns, features=features).to_parquet(folder / f"{split}-00000-of-00001.parquet")


@pytest.fixture(scope="module")
def run(extended: Study, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Study]:
    """The study with all rows in use, from a stand-in hub to the report."""
    folder = extended.folder
    for name, ending, convert in (("chunking", "txt", phrases), ("questions", "tsv", sentences)):
        (folder / name).mkdir()
        for path in sorted((folder / "pos").glob("*.conllu")):
            content = convert(path.read_text(encoding="utf-8"))
            (folder / name / f"{path.stem}.{ending}").write_text(content, encoding="utf-8")
    home = tmp_path_factory.mktemp("hub")
    for path in sorted((folder / "ner").glob("*.txt")):
        language, split = path.stem.split(".")
        write_entities(home / "datasets/my-group/entities" / language, split, path)
    write_card(home / "datasets/my-group/entities")
    changes: dict[str, object] = {"methods": {}, "tasks": {}}
    for example in map(yaml.safe_load, EXAMPLES.values()):
        methods = example.pop("methods", {})
        changes["methods"] |= methods if isinstance(methods, dict) else dict.fromkeys(methods, {})  # type: ignore[operator]
        changes["tasks"] |= example.pop("tasks", {})  # type: ignore[operator]
        changes = merged(changes, example)
    with extended.replaced_config(**changes):
        with serve(home) as hub, pytest.MonkeyPatch.context() as patch:
            patch.setenv("HF_ENDPOINT", hub.url)
            patch.setenv("HF_HOME", str(home / "cache"))
            extended.run("--until", "fetch_task")
        extended.run()
        yield extended


def test_all_of_it_runs_from_the_config_to_the_report(run: Study) -> None:
    results = run.folder / "results"
    scores = pd.read_csv(results / "scores.csv")
    assert set(scores["task"]) == {"chunking", "questions", "ner"}
    assert set(scores["method"]) == {"baseline", "before-dictionary", "before-diagonal", "triplet"}
    assert scores["score"].between(0, 1).all()
    alignment = pd.read_csv(results / "alignment.csv")
    assert set(alignment["measure"]) == {"weak", "strong", "cosine"}
    assert (results / "report.html").stat().st_size > 100_000
    assert "triplet loss" in (results / "tables/realignment.tex").read_text(encoding="utf-8")
    provenance = json.loads((results / "examples/ner/it/test.source.json").read_text(encoding="utf-8"))
    assert provenance["repository"] == "my-group/entities"


def test_the_loss_of_the_guide_is_what_is_minimised(run: Study) -> None:
    manifests = [json.loads(path.read_text()) for path in run.folder.glob("results/realigned/*/*/*/manifest.json")]
    losses = {manifest["realignment"]["loss"]: manifest["realignment"]["loss_settings"] for manifest in manifests}
    assert losses["realign.realignment.losses.triplet"] == {"margin": 0.3}


def test_the_loss_of_the_guide_equals_a_case_by_hand(extended: Study) -> None:
    """Two links at right angles, and a margin of 0.2: cosines of translations are 1 and 0.8, of others 0.6 and 0."""
    module = run_path(str(extended.project / "workflow/realign/realignment/losses/triplet.py"))
    words = torch.tensor([[1.0, 0.0], [0.0, 2.0], [1.0, 0.0], [0.6, 0.8]])
    links, sides = torch.tensor([[0, 2], [1, 3]]), torch.tensor([True, True, False, False])
    # hinges from the sources: max(0, 0.2 + 0.6 - 1), 0.2 + 0 - 0.8; from the targets: 0.2 + 0 - 1, 0.2 + 0.6 - 0.8
    assert module["loss"](words, links, sides).item() == pytest.approx(0.0, abs=1e-6)
    # with a margin of 0.5: 0.1, 0, 0, 0.3
    assert module["loss"](words, links, sides, margin=0.5).item() == pytest.approx(0.1)


def test_links_of_the_new_aligner_are_on_the_diagonal(run: Study) -> None:
    lines = (run.folder / "results/links/diagonal/train/en-it.txt").read_text(encoding="utf-8").splitlines()
    assert lines and all(i == j for line in lines for i, j in (link.split("-") for link in line.split()))
