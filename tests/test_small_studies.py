"""Each published study in small, by its own preset: from the stand-in hub to the report."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from hub import StandInHub, serve
from hub_content import build_hub
from presets import in_small, write_nllb
from study import Study

TRAINING = {"examples/pos/en/train.parquet"}
EXAMPLES = TRAINING | {f"examples/pos/{lang}/test.parquet" for lang in ("en", "ar", "zh")}
ALIGNERS = ("fastalign", "dictionary", "awesome")
METHODS = ["baseline", *(f"{when}-{aligner}" for when in ("before", "during") for aligner in ALIGNERS)]
FREEZING = ["baseline", "before-dictionary-freeze-lower", "during-dictionary-freeze-upper"]
SELECTIONS = ["baseline", "before-fastalign", "xt_afri", "most_uriel_en_10"]


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory, small_encoder: Path) -> Iterator[StandInHub]:
    """A stand-in hub with what the presets name."""
    root = tmp_path_factory.mktemp("hub")
    build_hub(root, small_encoder)
    write_nllb(root / "files/nllb")
    with serve(root) as server:
        yield server


def run(hub: StandInHub, new_study: Study, folder: Path, content: dict[str, Any]) -> Study:
    """A finished experiment; the hub is not asked again once everything is fetched."""
    study = Study(new_study.project, folder)
    folder.mkdir()
    (folder / "config.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HF_ENDPOINT", hub.url)
        patch.setenv("HF_HOME", str(hub.root / "cache"))
        rules = ["fetch_model", "fetch_bitext", "fetch_task"]
        study.run("--until", *rules, *(["fetch_dictionary"] if "dictionaries" in content else []))
    asked = hub.requests.total()
    study.run()
    assert hub.requests.total() == asked
    return study


@pytest.fixture(scope="module")
def acl(hub: StandInHub, new_study: Study, tmp_path_factory: pytest.TempPathFactory) -> Study:
    """The ACL study with one model, and all tasks and methods."""
    content = in_small("acl2023", hub.url, {"distilmbert": METHODS}, METHODS, ["pos", "ner", "nli"])
    return run(hub, new_study, tmp_path_factory.mktemp("acl") / "run", content)


def test_every_task_of_the_acl_study_compares_its_own_methods(acl: Study) -> None:
    gains = pd.read_csv(acl.folder / "results/realignment.csv")
    assert set(gains["language"]) == {"en", "ar", "zh", "mean"}
    methods = gains.groupby("task")["method"].agg(set).to_dict()
    assert methods == {
        "pos": {*METHODS},
        "ner": {*METHODS},
        "nli": {"baseline", "before-dictionary", "during-dictionary"},
    }
    metrics = pd.read_csv(acl.folder / "results/scores.csv").groupby("task")["metric"].first().to_dict()
    assert metrics == {"pos": "accuracy", "ner": "entity_f1", "nli": "accuracy"}


def test_tasks_with_as_many_steps_share_their_realigned_encoders(acl: Study) -> None:
    manifests = list(acl.folder.glob("results/realigned/**/manifest.json"))
    folders = sorted(re.sub(r"-[0-9a-f]{8}$", "", path.parents[1].name) for path in manifests)
    assert folders == sorted(f"{aligner}-4" for aligner in ALIGNERS)


def test_the_report_and_every_table_and_figure_are_there(acl: Study) -> None:
    results = acl.folder / "results"
    assert (results / "report.html").stat().st_size > 100_000
    for name in ("correlations", "alignment_change", "realignment", "realignment_by_language"):
        assert "\\toprule" in (results / f"tables/{name}.tex").read_text(encoding="utf-8")
    for name in ("transfer", "layers", "gain", "summary"):
        assert (results / f"figures/{name}.pdf").exists() and (results / f"figures/{name}.svg").exists()


def test_the_gain_of_the_acl_study_stands_beside_its_abstract(acl: Study) -> None:
    table = pd.read_csv(acl.folder / "results/published.csv")
    assert set(table["model"]) == {"distilmbert"} and set(table["published"]) == {0.158}
    assert set(table["method"]) == set(METHODS[1:]) and set(table["language"]) == {"ar"}


def test_commits_of_the_hub_stand_beside_what_was_fetched(acl: Study) -> None:
    results = acl.folder / "results"
    origin = json.loads((results / "models/awesome-encoder/manifest.json").read_text(encoding="utf-8"))["origin"]
    assert re.fullmatch(r"aneuraz/awesome-align-with-co@[0-9a-f]{40}", origin)
    for path in ("examples/ner/ar/test", "raw_bitext/train/en-zh"):
        record = json.loads((results / f"{path}.source.json").read_text(encoding="utf-8"))
        assert re.fullmatch(r"[0-9a-f]{40}", record["revision"]) and "/" in record["repository"]


def test_weights_are_dropped_and_nothing_runs_again(acl: Study) -> None:
    assert not list(acl.folder.glob("results/finetuned/**/model.safetensors"))
    assert not list(acl.folder.glob("results/realigned/**/model.safetensors"))
    assert len(list(acl.folder.glob("results/finetuned/**/manifest.json"))) == 7 + 7 + 3
    assert acl.planned() == set()


@pytest.mark.parametrize(
    ("section", "change", "fetched_again"),
    [
        ("tasks", {"pos": {"source": "hub", "dataset": "xtreme", "training_sentences": 32}}, EXAMPLES),
        ("tasks", {"pos": {"source": "hub", "dataset": "ud", "revision": "r2.8", "training_sentences": 32}}, EXAMPLES),
        ("tasks", {"pos": {"training_sentences": 31}}, TRAINING),
        ("tasks", {"pos": {"source": "lab"}}, EXAMPLES),
        ("bitext", {"revision": "v2"}, {"raw_bitext/train/en-ar.tsv", "raw_bitext/test/en-zh.tsv"}),
        ("bitext", {"max_sentences": 100}, {"raw_bitext/train/en-ar.tsv"}),
        ("dictionaries", {"url": "https://elsewhere.example/{source}-{lang}.txt"}, {"dictionaries/en-ar.txt"}),
    ],
)
def test_another_corpus_or_revision_is_fetched_again(
    acl: Study, section: str, change: dict[str, Any], fetched_again: set[str]
) -> None:
    if change.get("pos", {}).keys() == {"training_sentences"}:
        content = yaml.safe_load((acl.folder / "config.yaml").read_text(encoding="utf-8"))
        change = {"pos": content["tasks"]["pos"] | change["pos"]}
    with acl.changed_config(**{section: change}):
        planned = acl.planned()
    assert fetched_again <= planned
    assert "correlations.csv" in planned


def test_another_revision_of_an_encoder_is_fetched_again(acl: Study) -> None:
    config = yaml.safe_load((acl.folder / "config.yaml").read_text(encoding="utf-8"))
    models = {"distilmbert": {**config["models"]["distilmbert"], "revision": "v2"}}
    with acl.changed_config(models=models):
        planned = acl.planned()
    assert "models/distilmbert/manifest.json" in planned and "models/awesome-encoder/manifest.json" not in planned


def test_the_correlations_of_the_acl_study_need_baselines_alone(
    hub: StandInHub, new_study: Study, tmp_path: Path
) -> None:
    content = in_small("acl2023-correlation", hub.url, {"mbert": ["baseline"]}, ["baseline"], ["pos"])
    results = run(hub, new_study, tmp_path / "run", content).folder / "results"
    table = pd.read_csv(results / "correlations.csv")
    assert set(table["method"]) <= {"baseline", "all"} and set(table["moment"]) == {"before", "after"}
    assert (results / "report.html").stat().st_size > 100_000


def test_alignfreeze_stands_beside_its_published_scores(hub: StandInHub, new_study: Study, tmp_path: Path) -> None:
    content = in_small("naacl2025", hub.url, {"mbert": FREEZING}, FREEZING, ["pos", "qa"])
    results = run(hub, new_study, tmp_path / "run", content).folder / "results"
    table = pd.read_csv(results / "published.csv")
    assert set(table[table["task"] == "pos"]["method"]) == {*FREEZING}
    assert set(table[table["task"] == "qa"]["method"]) == {*FREEZING[:2]}, "questions are not realigned jointly there"
    assert set(table["language"]) == {"ar", "en", "zh"} and set(table["quantity"]) == {"score", "gain"}
    assert table["published"].notna().all() and set(table["metric"]) == {"accuracy", "f1", "exact_match"}
    assert (results / "report.html").stat().st_size > 100_000


def test_sentences_are_realigned_on_selections_without_links(hub: StandInHub, new_study: Study, tmp_path: Path) -> None:
    content = in_small("aacl2025", hub.url, {"xlmr-base": SELECTIONS}, SELECTIONS, ["pos", "ner"])
    results = run(hub, new_study, tmp_path / "run", content).folder / "results"
    recipes = {path.parents[1].name.split("-")[0] for path in results.glob("realigned/**/manifest.json")}
    assert recipes == {"fastalign", "sentence"}
    for path in results.glob("realigned/**/manifest.json"):
        inputs = json.loads(path.read_text(encoding="utf-8"))["inputs"]
        assert any("links/" in one for one in inputs) == path.parents[1].name.startswith("fastalign")
    gains = pd.read_csv(results / "realignment.csv")
    assert set(gains["method"]) == {*SELECTIONS} and gains["mean"].notna().all()
    origin = json.loads((results / "raw_bitext/train/en-zh.source.json").read_text(encoding="utf-8"))
    assert origin["url"].endswith("eng_Latn-zho_Hans.gz")
    assert (results / "report.html").stat().st_size > 100_000
