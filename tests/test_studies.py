"""The methods of the published studies, in a small study from config to tables."""

import json
from pathlib import Path

import pandas as pd

from study import Study

METHODS = {
    "baseline": {},
    "before-dictionary": {},
    "with-head": {"when": "before", "aligner": "dictionary", "head": ["hidden", 128], "layers": [-2]},
    "frontfreeze": {"when": "before", "aligner": "dictionary", "freeze": "lower"},
    "sentences": {"when": "before", "unit": "sentence", "max_gradient_norm": None},
    "joint-sentences": {"when": "during", "unit": "sentence", "head": [16], "coefficient": 0.1},
    "both": {"when": "before+during", "aligner": "dictionary", "freeze": "lower", "regularise_to_start": 0.5},
    "squared": {"when": "before", "aligner": "dictionary", "loss": "l2"},
}


def test_every_method_runs_to_the_tables_and_shares_what_it_can(finished_study: Study, tmp_path: Path) -> None:
    study = finished_study.copy(tmp_path)
    task = {"pos": {"source": "files", "pattern": "pos/{lang}.{split}.conllu"}, "ner": None}
    with study.changed_config(methods=METHODS, tasks=task):
        study.run()
        assert study.planned() == set()
    results = study.folder / "results"
    scores = pd.read_csv(results / "scores.csv")
    assert set(scores["method"]) == set(METHODS) and scores["score"].notna().all()
    assert set(pd.read_csv(results / "realignment.csv")["method"]) == set(METHODS)
    recipes = {path.parent.parent.name.split("-")[0] for path in results.glob("realigned/mine/*/seed31/manifest.json")}
    assert recipes == {"dictionary", "sentence"}
    (sentence,) = results.glob("realigned/mine/sentence-*/seed31/manifest.json")
    assert not any("links/" in path for path in json.loads(sentence.read_text(encoding="utf-8"))["inputs"])
