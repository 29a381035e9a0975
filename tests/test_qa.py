"""Question answering: questions from SQuAD's JSON, windows over long contexts, the best span, F1 and exact match."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from torchmetrics.functional.text import squad

from realign.alignment.records import ScoreRecord
from realign.analysis.gains import realignment_gains
from realign.analysis.tables import every_metric, read_table, scores_table, write_table
from realign.config.reading import read_config
from realign.encoders.windows import Window, WindowTokenizer
from realign.errors import InputError
from realign.experiment.experiment import Experiment
from realign.tasks import qa
from realign.tasks.metrics import exact_match, squad_f1
from realign.tasks.metrics.counts import metric_value
from realign.tasks.question_answering.data import QuestionData, read_examples, write_examples
from realign.tasks.question_answering.model import (
    NO_ANSWER,
    answer_pieces,
    best_spans,
    count_examples,
    load,
    objective,
    predict,
)
from realign.text.squad import Answer, Question
from realign.training.loop import Plan, train
from study import PROJECT

CPU = torch.device("cpu")
CONTEXT = "The bridge over the river was closed last week. My neighbour sells honey at the market."
QUESTIONS = [
    ("What was closed last week?", CONTEXT, "bridge"),
    ("When was the bridge closed?", CONTEXT, "last week"),
    ("What does my neighbour sell?", CONTEXT, "honey"),
    ("Where does he sell it?", CONTEXT, "at the market"),
]
WINDOWS: dict[str, Any] = {"max_length": 64, "overlap": 8, "longest_question": 16}


def entry(question: str, *answers: tuple[str, int]) -> dict[str, Any]:
    return {"id": question, "question": question, "answers": [{"text": t, "answer_start": s} for t, s in answers]}


def squad_json(path: Path, *paragraphs: tuple[str, list[dict[str, Any]]]) -> Path:
    content = {"data": [{"title": "t", "paragraphs": [{"context": c, "qas": q} for c, q in paragraphs]}]}
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def written(path: Path) -> Path:
    """The questions as a file."""
    return squad_json(path, (CONTEXT, [entry(q, (a, CONTEXT.index(a))) for q, _, a in QUESTIONS]))


def data_of(questions: list[tuple[str, str, str]]) -> QuestionData:
    return QuestionData(
        [question for question, _, _ in questions],
        [context for _, context, _ in questions],
        [[answer] for _, _, answer in questions],
        [[context.index(answer)] for _, context, answer in questions],
    )


def test_questions_are_read_with_all_answers_and_kept(tmp_path: Path) -> None:
    decomposed = "cafe\u0301 bar"  # normalised, the answer would be at another character
    file = squad_json(
        tmp_path / "a.json",
        (CONTEXT, [entry("Who?", ("neighbour", 51), ("My neighbour", 48))]),
        (decomposed, [entry("Which?", ("bar", 6))]),
    )
    questions = list(qa.read(file, ()))
    assert questions == [
        Question("Who?", CONTEXT, [Answer("neighbour", 51), Answer("My neighbour", 48)]),
        Question("Which?", decomposed, [Answer("bar", 6)]),
    ]
    assert qa.count(file) == 2
    write_examples(tmp_path / "a.parquet", questions, ())
    data = read_examples(tmp_path / "a.parquet")
    assert data.answers == [["neighbour", "My neighbour"], ["bar"]] and data.starts == [[51, 48], [6]]
    assert data.contexts == [CONTEXT, decomposed] and data.questions == ["Who?", "Which?"] and data.label_names == []


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "a.json:1: not JSON"),
        ("[]", "a.json: expected an object with a list 'data', as in SQuAD 1.1"),
        ('{"data": [{}]}', "a.json: data[0]: expected an object with a list 'paragraphs'"),
        ((" ", []), "data[0].paragraphs[0]: no text under 'context'"),
        (("a b", [{"question": "?"}]), "paragraphs[0].qas[0]: expected a list of answers; questions without an answer"),
        (("a b", [entry("", ("a", 0))]), "paragraphs[0].qas[0]: no text under 'question'"),
        (("a b", [entry("?", ("a", 0)), entry("?", ("a", 1))]), "qas[1]: the answer 'a' is not at character 1 of"),
        (("a b", [entry("?", ("a", -3))]), "qas[0]: expected answers with 'text' and 'answer_start'"),
        (("a b", [entry("?", ("a", True))]), "qas[0]: expected answers with 'text' and 'answer_start'"),
        (("a \ud800", [entry("?", ("a", 0))]), "paragraphs[0]: half of a surrogate pair under 'context'"),
    ],
)
def test_what_is_not_squad_is_refused_with_its_place(
    tmp_path: Path, content: str | tuple[str, list[dict[str, Any]]], said: str
) -> None:
    path = tmp_path / "a.json"
    if isinstance(content, str):
        path.write_text(content, encoding="utf-8")
    else:
        squad_json(path, content)
    with pytest.raises(InputError) as error:
        list(qa.read(path, ()))
    assert said in str(error.value) and "\n" not in str(error.value)


def test_f1_and_exact_match_of_worked_examples() -> None:
    # two of three predicted words are right, and two of two true ones found: 2 * 2 / (3 + 2)
    assert squad_f1.count(["The old, bridge here"], ["an old bridge"]) == (0.8, 1)
    assert exact_match.count(["The old, bridge here"], ["an old bridge"]) == (0, 1)
    assert squad_f1.count(["Old BRIDGE!"], ["market", "the old bridge"]) == (1.0, 1)
    assert exact_match.count(["Old BRIDGE!"], ["market", "the old bridge"]) == (1, 1)
    assert squad_f1.count([""], ["bridge"]) == (0.0, 1) == exact_match.count([""], ["bridge"])
    # a language without spaces: all or nothing
    assert squad_f1.count(["老桥"], ["桥"]) == (0.0, 1)


def test_f1_and_exact_match_are_those_of_torchmetrics() -> None:
    rng = np.random.default_rng(1)
    words = ["the", "a", "old", "Old", "bridge,", "river", "U.S.", "don't", "an", "Brücke", "ما", "桥"]
    for _ in range(200):
        texts = [" ".join(rng.choice(words, size=rng.integers(1, 6))) for _ in range(3)]
        if not all(squad_f1.normalised(text) for text in texts):
            continue  # articles only: unlike the script of SQuAD 1.1, torchmetrics counts F1 of two empty answers as 1
        found, *true = texts
        expected = squad(
            [{"prediction_text": found, "id": "1"}], [{"answers": {"text": true, "answer_start": [0, 0]}, "id": "1"}]
        )
        assert 100 * squad_f1.count([found], true)[0] == pytest.approx(float(expected["f1"]), abs=1e-4)
        assert 100 * exact_match.count([found], true)[0] == float(expected["exact_match"])


def test_windows_overlap_and_cover_the_context(checkpoint: Path) -> None:
    context = " ".join(f"{CONTEXT} {number}" for number in range(8))
    tokenizer = WindowTokenizer(checkpoint, 48, 12, 6)
    (windows,) = tokenizer.windows(["Where is the old market and who sells honey there?"], [context])
    assert len(windows) > 3 and all(len(window.ids) <= 48 for window in windows)
    before = windows[0].ids[: np.flatnonzero(windows[0].inside)[0]]
    assert len(before) <= 6 + 4, "the question is cut"
    spans = []
    for window in windows:
        assert window.ids[: len(before)].tolist() == before.tolist(), "each window begins with the question"
        places = window.places[window.inside]
        spans.append([tuple(place) for place in places.tolist()])
    for one, following in zip(spans, spans[1:], strict=False):
        assert one[-12:] == following[:12], "neighbours share the overlap"
    assert spans[0][0][0] == 0 and spans[-1][-1][1] == len(context)


def test_a_short_context_is_one_window(checkpoint: Path) -> None:
    windows = list(WindowTokenizer(checkpoint, **WINDOWS).windows(["What?"] * 3, [CONTEXT] * 3))
    assert [len(group) for group in windows] == [1, 1, 1]


@pytest.mark.parametrize("answer", ["bridge", "last week", "river was closed last week. My neighbour", "market."])
def test_an_answer_is_found_in_the_windows_that_hold_all_of_it(checkpoint: Path, answer: str) -> None:
    start = CONTEXT.index(answer)
    (windows,) = WindowTokenizer(checkpoint, 24, 8, 4).windows(["What?"], [CONTEXT])
    assert len(windows) > 1
    held = 0
    for window in windows:
        first, last = answer_pieces(window, start, start + len(answer))
        inside = window.places[window.inside]
        if inside[0, 0] <= start and inside[-1, 1] >= start + len(answer):
            found = CONTEXT[window.places[first, 0] : window.places[last, 1]].strip()
            assert answer in found and len(found) <= len(answer) + 1, "at most the full stop of the sub-word is added"
            held += 1
        else:
            assert (first, last) == (NO_ANSWER, NO_ANSWER)
    assert held or len(answer) > 20


def test_the_best_span_is_that_of_a_plain_search() -> None:
    rng = np.random.default_rng(3)
    for _ in range(50):
        pieces, longest, candidates = 12, int(rng.integers(1, 6)), int(rng.integers(1, 13))
        starts, ends = rng.normal(size=(2, pieces))
        inside = rng.random(pieces) < 0.6
        inside[5] = True
        likely = [
            sorted((piece for piece in range(pieces) if inside[piece]), key=lambda piece: -logits[piece])[:candidates]
            for logits in (starts, ends)
        ]
        spans = [(starts[i] + ends[j], i, j) for i in likely[0] for j in likely[1] if 0 <= j - i < longest]
        found = best_spans(
            torch.tensor(starts[None]), torch.tensor(ends[None]), torch.tensor(inside[None]), longest, candidates
        )
        score, first, last = (part.item() for part in found)
        if spans:
            assert (score, first, last) == max(spans)
        else:
            assert score == float("-inf")


def test_the_loss_is_the_mean_over_windows_and_both_ends(checkpoint: Path) -> None:
    torch.manual_seed(1)
    data = data_of([*QUESTIONS[:2], ("Where?", f"{CONTEXT} {CONTEXT} {CONTEXT}", "river")])
    reader = load(checkpoint, CPU, []).eval()
    settings = {"max_length": 40, "overlap": 8, "longest_question": 8}
    questions = objective(reader, checkpoint, data, **settings, batch_size=3, rng=np.random.default_rng(1))
    batch = questions.prepare([0, 1, 2])
    losses = []
    for windows, context, starts, texts in zip(
        questions.windows, data.contexts, data.starts, data.answers, strict=True
    ):
        for window in windows:
            with torch.inference_mode():
                ids, types = (torch.tensor(part[None].astype(int)) for part in (window.ids, window.types))
                output = reader(input_ids=ids, token_type_ids=types)
            target = answer_pieces(window, starts[0], starts[0] + len(texts[0]))
            for logits, piece in zip((output.start_logits[0], output.end_logits[0]), target, strict=True):
                losses.append(-float(torch.log_softmax(logits, dim=0)[piece]))
            assert len(context) >= window.places.max()
    assert len(losses) == 2 * len(batch.ids) > 6
    assert float(questions.loss(batch).detach()) == pytest.approx(np.mean(losses), abs=1e-5)
    assert float(questions.loss(batch, at_once=2).detach()) == pytest.approx(np.mean(losses), abs=1e-5)


def test_a_reader_learns_answers_and_predicts_in_their_order(checkpoint: Path) -> None:
    torch.manual_seed(1)
    long = " ".join([CONTEXT] * 3)
    data = data_of([*QUESTIONS, ("How does it end?", f"{long} The old bakery.", "old bakery")])
    reader = load(checkpoint, CPU, data.label_names)
    questions = objective(reader, checkpoint, data, **WINDOWS, batch_size=5, rng=np.random.default_rng(1))
    losses = train(reader, questions, Plan(1e-3, 60))
    assert losses[-1] < 0.3 < losses[0]
    settings = {**WINDOWS, "longest_answer": 8, "candidates": 5}
    found = predict(reader.eval(), checkpoint, data, **settings, batch_size=2)
    counts = count_examples(found, data, exact_match)
    assert metric_value(counts) == 1.0, found
    assert metric_value(count_examples(found, data, squad_f1)) == 1.0
    short = predict(reader, checkpoint, data, **{**settings, "longest_answer": 1}, batch_size=2)
    assert max(len(answer.split()) for answer in short) == 1


def test_a_window_without_context_has_no_answer() -> None:
    window = Window(np.array([0, 5, 2], np.int32), np.zeros(3, np.int8), np.full((3, 2), -1, np.int32))
    assert answer_pieces(window, 0, 3) == (NO_ANSWER, NO_ANSWER)


def record(method: str, language: str, seed: int, scores: list[float], exact: list[int]) -> ScoreRecord:
    return ScoreRecord(
        model="m", method=method, task="qa", seed=seed, language=language, metric="f1",
        score=float(np.mean(scores)), n=len(scores), further={"exact_match": float(np.mean(exact))},
        numerators=scores, denominators=[1] * len(scores), alignment=[],
    )  # fmt: skip


def test_fractions_are_kept_resampled_and_reported(tmp_path: Path) -> None:
    runs = [
        record(method, language, seed, [0.25 + step, 0.5, 1 / 3, 0.0], [0, 1, 0, 0])
        for method, step in (("baseline", 0.0), ("better", 0.5))
        for language in ("en", "de")
        for seed in (1, 2)
    ]
    assert ScoreRecord.model_validate_json(runs[0].model_dump_json()) == runs[0]
    whole = runs[0].model_copy(update={"numerators": [1, 0, 2]})
    assert '"numerators":[1,0,2]' in whole.model_dump_json(), "counts that are integers stay integers"
    gains = realignment_gains(runs, "en", ["baseline", "better"], resamples=200, confidence=0.95, seed=0)
    row = gains[(gains["method"] == "better") & (gains["language"] == "de")].iloc[0]
    assert row["gain"] == pytest.approx(0.125) and row["low"] < 0.125 < row["high"]
    other = runs[0].model_copy(update={"task": "pos", "metric": "accuracy", "further": {}})
    table = scores_table([*runs, other], "en", ["baseline", "better"])
    write_table(table, tmp_path / "scores.csv")
    table = read_table(tmp_path / "scores.csv")
    assert len(table) == 9 and table["exact_match"].notna().sum() == 8
    each = every_metric(table)
    assert "exact_match" not in each and each["metric"].value_counts().to_dict() == {
        "f1": 8, "exact_match": 8, "accuracy": 1,
    }  # fmt: skip
    assert set(each[each["metric"] == "exact_match"]["score"]) == {0.25}
    pd.testing.assert_frame_equal(every_metric(each), each)


def study_config(**changes: Any) -> dict[str, Any]:
    return {
        "target_languages": ["ar"],
        "seeds": [31],
        "models": {"e5": {"source": "lab", "layers": 3}},
        "methods": ["baseline"],
        "tasks": {"qa": {"source": "files", "pattern": "{lang}.{split}.json"}},
        "bitext": {"source": "lab"},
        **changes,
    }


@pytest.fixture
def experiment() -> Callable[..., Experiment]:
    return lambda **changes: Experiment(read_config(study_config(**changes)), PROJECT / "lab")


def test_settings_of_scoring_alone_do_not_train_again(experiment: Callable[..., Experiment]) -> None:
    changed = experiment(kinds={"question-answering": {"longest_answer": 12, "candidates": 7}})
    assert changed.finetune_params("e5", "qa") == experiment().finetune_params("e5", "qa")
    of_kind = changed.score_params("baseline", "qa")["of_kind"]
    assert of_kind == {**experiment().score_params("baseline", "qa")["of_kind"], "longest_answer": 12, "candidates": 7}
    wider = experiment(kinds={"question-answering": {"max_length": 400}})
    assert wider.finetune_params("e5", "qa")["of_kind"] == {
        "max_length": 400, "overlap": 128, "longest_question": 64,
    }  # fmt: skip


def test_windows_that_cannot_advance_are_refused(experiment: Callable[..., Experiment]) -> None:
    with pytest.raises(InputError, match=r"kinds.question-answering: .*overlap: found 128; expected at most 56"):
        experiment(kinds={"question-answering": {"max_length": 128}})
