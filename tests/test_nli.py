"""Classification: sentences and pairs from files, a classifier on the encoder's first token, accuracy."""

import json
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest
import torch
import yaml

from realign.encoders.sentence_pairs import PairTokenizer
from realign.errors import InputError
from realign.tasks import nli, paraphrases, topic
from realign.tasks.classification.data import TextData, read_examples, write_examples
from realign.tasks.classification.model import count_examples, load, objective, predict
from realign.tasks.metrics import accuracy
from realign.tasks.metrics.counts import metric_value
from realign.text.labels import INFERENCE, PARAPHRASE, TOPICS
from realign.text.sentences import LabelledText
from realign.training.loop import Plan, train
from study import PROJECT, STUDY, Study

CPU = torch.device("cpu")
PAIRS = [
    ("The old bridge is closed.", "The bridge is not open.", "entailment"),
    ("The baker sells fresh bread.", "The baker has never sold bread.", "contradiction"),
    ("A girl reads a letter.", "The letter comes from her aunt.", "neutral"),
    ("Nobody was in the museum.", "The museum was empty.", "entailment"),
    ("The river rose at night.", "The river stayed as it was.", "contradiction"),
    ("Two men wait for the train.", "The men are brothers.", "neutral"),
]


def jsonl(path: Path, pairs: list[tuple[str, str, str]] = PAIRS) -> Path:
    rows = [json.dumps({"premise": p, "hypothesis": h, "label": label, "genre": "x"}) for p, h, label in pairs]
    path.write_text("".join(row + "\n" for row in rows), encoding="utf-8")
    return path


def tsv(path: Path, pairs: list[tuple[str, str, str]] = PAIRS) -> Path:
    rows = [f"{label}\t{p}\t{h}" for p, h, label in pairs]
    path.write_text("label\tpremise\thypothesis\n" + "".join(row + "\n" for row in rows), encoding="utf-8")
    return path


def test_pairs_are_the_same_from_json_lines_and_tsv(tmp_path: Path) -> None:
    from_json = list(nli.read(jsonl(tmp_path / "a.jsonl"), INFERENCE))
    from_tsv = list(nli.read(tsv(tmp_path / "a.tsv"), INFERENCE))
    assert from_json == from_tsv and [tuple(pair) for pair in from_json] == PAIRS
    assert nli.count(tmp_path / "a.jsonl") == nli.count(tmp_path / "a.tsv") == 6
    write_examples(tmp_path / "a.parquet", from_json, INFERENCE)
    data = read_examples(tmp_path / "a.parquet")
    assert data.label_names == list(INFERENCE)
    assert data.labels == [0, 2, 1, 0, 2, 1] and data.first[3] == "Nobody was in the museum."


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        (
            "a.jsonl",
            '{"premise": "a", "hypothesis": "b", "label": "maybe"}\n',
            "a.jsonl:1: label 'maybe' is not one of ent",
        ),
        ("a.jsonl", '{"premise": "a", "label": "neutral"}\n', "a.jsonl:1: no text under 'hypothesis'"),
        ("a.jsonl", "premise\n", "a.jsonl:1: not a JSON object"),
        ("a.tsv", "premise\tlabel\na\tneutral\n", "a.tsv:1: no column 'hypothesis' in the header"),
        ("a.tsv", "premise\thypothesis\tlabel\na\t\tneutral\n", "a.tsv:2: no text under 'hypothesis'"),
        (
            "a.tsv",
            "premise\thypothesis\tlabel\na\tb\tneutral\na\rb\tc\tneutral\n",
            "a.tsv:3: a carriage return in the line",
        ),
    ],
)
def test_wrong_pairs_are_refused_with_their_line(tmp_path: Path, name: str, text: str, said: str) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as error:
        list(nli.read(tmp_path / name, INFERENCE))
    assert said in str(error.value)


PREPARE = """
import runpy, sys
from types import SimpleNamespace

settings = {"reader": "realign.tasks.nli", "data": "realign.tasks.classification.data", "source": "files"}
snakemake = SimpleNamespace(
    log=["prepare.log"],
    input=["a.tsv"],
    output=SimpleNamespace(examples="a.parquet", provenance="a.source.json"),
    params=SimpleNamespace(settings=settings | {"labels": ["entailment", "neutral", "contradiction"]}),
)
runpy.run_path(sys.argv[1], {"snakemake": snakemake})
"""


def test_a_file_without_pairs_is_refused(tmp_path: Path) -> None:
    def prepared(text: str) -> subprocess.CompletedProcess[str]:
        (tmp_path / "a.tsv").write_text(text, encoding="utf-8")
        command = [sys.executable, "-c", PREPARE, str(PROJECT / "workflow/scripts/prepare_task.py")]
        environment = {**os.environ, "PYTHONPATH": str(PROJECT / "workflow")}
        return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)

    finished = prepared("premise\thypothesis\tlabel\n")
    assert finished.returncode == 1 and finished.stderr == "error: a.tsv: no labelled sentences\n"
    assert not (tmp_path / "a.parquet").exists()
    assert prepared("premise\thypothesis\tlabel\na\tb\tneutral\n").returncode == 0
    assert read_examples(tmp_path / "a.parquet").labels == [1]


def test_the_longer_sentence_of_a_pair_is_cut(checkpoint: Path) -> None:
    tokenizer = PairTokenizer(checkpoint, 12)
    (encoding,) = tokenizer.encode(["the old market " * 20], ["the river"])
    whole = tokenizer.encode(["the"], ["the river"])[0]
    assert len(encoding.ids) == 12
    assert encoding.ids[-2:] == whole.ids[-2:], "the short hypothesis stays whole"


def test_a_classifier_learns_pairs_and_predicts_in_their_order(checkpoint: Path) -> None:
    torch.manual_seed(1)
    data = TextData(
        *map(list, zip(*[(p, h, INFERENCE.index(label)) for p, h, label in PAIRS], strict=True)), list(INFERENCE)
    )  # type: ignore[arg-type]
    classifier = load(checkpoint, CPU, data.label_names)
    pairs = objective(classifier, checkpoint, data, max_length=64, batch_size=3, rng=np.random.default_rng(1))
    losses = train(classifier, pairs, Plan(1e-3, 60))
    assert losses[-1] < 0.2 < losses[0]
    assert predict(classifier.eval(), checkpoint, data, max_length=64, batch_size=4) == data.labels


def test_a_classifier_learns_single_sentences(checkpoint: Path) -> None:
    torch.manual_seed(1)
    texts = [LabelledText(first, None, TOPICS[number % 3]) for number, (first, _, _) in enumerate(PAIRS)]
    data = TextData([text.first for text in texts], [None] * 6, [0, 1, 2] * 2, list(TOPICS))
    (single,) = PairTokenizer(checkpoint, 64).encode([texts[0].first], [None])
    (pair,) = PairTokenizer(checkpoint, 64).encode([texts[0].first], [texts[1].first])
    assert single.ids == pair.ids[: len(single.ids)] and set(single.type_ids) == {0}, "nothing stands for a second"
    classifier = load(checkpoint, CPU, data.label_names)
    losses = train(
        classifier, objective(classifier, checkpoint, data, max_length=64, batch_size=3, rng=np.random.default_rng(1)),
        Plan(1e-3, 60),
    )  # fmt: skip
    assert losses[-1] < 0.2 < losses[0]
    assert predict(classifier.eval(), checkpoint, data, max_length=64, batch_size=4) == data.labels


@pytest.mark.parametrize(
    ("task", "labels", "text", "said"),
    [
        (paraphrases, PARAPHRASE, "id\tsentence1\tlabel\n1\ta\t0\n", "a.tsv:1: no column 'sentence2' in the header"),
        (paraphrases, PARAPHRASE, "sentence1\tsentence2\tlabel\na\tb\t2\n", "a.tsv:2: label '2' is not one of 0, 1"),
        (
            topic,
            TOPICS,
            "category\ttext\ntravel\ta\nnews\tb\n",
            "a.tsv:3: label 'news' is not one of science/technology",
        ),
        (topic, TOPICS, 'category\ttext\ntravel\t"a\n', "a.tsv:2: not a line of TSV (unexpected end of data)"),
    ],
)
def test_wrong_paraphrases_and_topics_are_refused_with_their_line(
    tmp_path: Path, task: ModuleType, labels: tuple[str, ...], text: str, said: str
) -> None:
    (tmp_path / "a.tsv").write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as error:
        list(task.read(tmp_path / "a.tsv", labels))
    assert said in str(error.value)


def test_accuracy_counts_pairs() -> None:
    data = TextData([""] * 4, [""] * 4, [0, 1, 1, 2], list(INFERENCE))
    counts = count_examples([0, 1, 2, 2], data, accuracy)
    assert counts == [(1, 1), (1, 1), (0, 1), (1, 1)] and metric_value(counts) == 0.75


def test_inference_runs_from_files_to_scores(new_study: Study, tmp_path: Path) -> None:
    study = new_study.copy(tmp_path)
    for name in ("en.train", "en.test", "de.test"):
        jsonl(study.folder / f"{name}.jsonl")
    config = yaml.safe_load((STUDY / "config.yaml").read_text(encoding="utf-8"))
    config |= {
        "target_languages": ["de"],
        "tasks": {"nli": {"source": "files", "pattern": "{lang}.{split}.jsonl"}},
        "methods": ["baseline", "during-dictionary", "before-dictionary"],
        "realignment": {"steps": "match", "batch_size": 4},
    }
    (study.folder / "config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    study.run("results/realignment.csv", "results/alignment.csv")
    # 2 epochs of one batch of 8
    assert len(list(study.folder.glob("results/realigned/mine/dictionary-2-*/seed31/manifest.json"))) == 1
    table = pd.read_csv(study.folder / "results/realignment.csv")
    assert set(table["method"]) == set(config["methods"]) and table["mean"].between(0, 1).all()
    record = json.loads((study.folder / "results/scores/mine/during-dictionary/nli/seed31/de.json").read_text())
    assert record["metric"] == "accuracy" and record["n"] == 6 and len(record["alignment"]) == 12


def test_questions_topics_and_paraphrases_run_from_files_to_scores(new_study: Study, tmp_path: Path) -> None:
    study = new_study.copy(tmp_path)
    for language in ("en.train", "en.test", "de.test"):
        pairs = [("1" if label == "entailment" else "0", p, h) for p, h, label in PAIRS]
        rows = {
            "paws.tsv": ["label\tsentence1\tsentence2", *("\t".join(pair) for pair in pairs)],
            "topic.tsv": ["category\ttext", *(f"{TOPICS[n]}\t{p}" for n, (p, _, _) in enumerate(PAIRS))],
        }
        for name, lines in rows.items():
            (study.folder / f"{language}.{name}").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        answers = [{"text": p.split()[1], "answer_start": p.index(p.split()[1])} for p, _, _ in PAIRS]
        paragraphs = [
            {"context": p, "qas": [{"question": h, "answers": [answer]}]}
            for (p, h, _), answer in zip(PAIRS, answers, strict=True)
        ]
        content = json.dumps({"data": [{"paragraphs": paragraphs}]})
        (study.folder / f"{language}.qa.json").write_text(content, encoding="utf-8")
    patterns = {
        "paws-x": "{lang}.{split}.paws.tsv",
        "topic": "{lang}.{split}.topic.tsv",
        "qa": "{lang}.{split}.qa.json",
    }
    changes = {
        "target_languages": ["de"],
        "tasks": {task: {"source": "files", "pattern": pattern} for task, pattern in patterns.items()},
        "methods": ["baseline"],
        "kinds": {"question-answering": {"max_length": 128, "overlap": 32}},
    }
    with study.replaced_config(**changes):
        study.run("results/scores.csv", "results/realignment.csv")
    scores = pd.read_csv(study.folder / "results/scores.csv").set_index(["task", "language"])
    assert scores["metric"].groupby("task").first().to_dict() == {"paws-x": "accuracy", "qa": "f1", "topic": "accuracy"}
    assert scores["score"].between(0, 1).all() and (scores["n"] == 6).all()
    assert scores["exact_match"].notna().groupby("task").all().to_dict() == {
        "paws-x": False,
        "qa": True,
        "topic": False,
    }
    assert (scores.loc["qa", "exact_match"] <= scores.loc["qa", "score"]).all()
