"""A whole study on a user's own data: languages that the lab does not have, two tasks, an encoder of one's own."""

import json

import pandas as pd

from study import Study, recipe


def test_every_artifact_is_where_the_documentation_says(finished_study: Study) -> None:
    results = finished_study.folder / "results"
    assert (results / "bitext/train/en-it.txt").read_text(encoding="utf-8").splitlines()[0] == (
        "The bridge over the river was closed last week . ||| Il ponte sul fiume è stato chiuso la settimana scorsa ."
    )
    assert (results / "links/dictionary/train/en-it.txt").read_text().splitlines()[0] == "1-1 4-3 8-8"
    for name in ("transfer", "layers", "gain", "timeline"):
        assert (results / f"figures/{name}.svg").stat().st_size > 5000
        assert (results / f"figures/{name}.pdf").stat().st_size > 5000
    report = (results / "report.html").read_text(encoding="utf-8")
    assert "correlations.csv" in report and "Spearman" in report


def test_the_tables_hold_every_observation(finished_study: Study) -> None:
    results = finished_study.folder / "results"
    scores = pd.read_csv(results / "scores.csv")
    assert len(scores) == 2 * 2 * 3  # methods, tasks, languages
    assert scores["score"].between(0, 1).all()
    assert set(scores["metric"]) == {"accuracy", "entity_f1"}
    alignment = pd.read_csv(results / "alignment.csv")
    # 3 layers, 2 directions, 2 kinds; 2 languages, before (pretrained; realigned, for 2 tasks) and after (2 by 2)
    assert len(alignment) == 12 * 2 * (3 + 4)
    assert alignment["score"].between(0, 1).all() and (alignment["n"] > 5).all()
    correlations = pd.read_csv(results / "correlations.csv")
    assert set(correlations["method"]) == {"baseline", "before-dictionary", "all"}


def test_a_score_file_agrees_with_its_counts(finished_study: Study) -> None:
    path = finished_study.folder / "results/scores/mine/baseline/pos/seed31/it.json"
    record = json.loads(path.read_text())
    assert record["score"] == sum(record["numerators"]) / sum(record["denominators"])
    assert record["n"] == sum(record["denominators"]) == 23


def test_manifests_say_what_made_a_checkpoint(finished_study: Study) -> None:
    folder = finished_study.folder / "results/finetuned/mine/before-dictionary/pos/seed31"
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["method"] == "before-dictionary" and manifest["seed"] == 31
    assert set(manifest["inputs"]) == {
        f"results/realigned/mine/{recipe()}/seed31/manifest.json",
        "results/examples/pos/en/train.parquet",
    }
