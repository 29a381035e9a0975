"""The cosine between the gradients of task and realignment: what it is, and that logging it changes nothing."""

import csv
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from torch import nn

from realign.config.reading import read_config
from realign.encoders.checkpoint import MANIFEST, WEIGHTS, Manifest, base_encoder
from realign.encoders.words import WordTokenizer
from realign.errors import InputError
from realign.experiment.experiment import Experiment
from realign.realignment.joint import JointObjective
from realign.realignment.losses.contrastive import loss as contrastive_loss
from realign.realignment.objective import RealignmentObjective
from realign.tasks.tagging.data import TokenData
from realign.tasks.tagging.model import TaggingObjective, load
from realign.text.bitext import SentencePair
from realign.training.checkpointing import Destination, Execution, train_checkpoint
from realign.training.gradients import gradient_cosine
from realign.training.loop import Plan
from study import PROJECT, STUDY, merged

PAIRS = [
    (SentencePair(["the", "river"], ["der", "Fluss"]), [(0, 0), (1, 1)]),
    (SentencePair(["old", "market"], ["alter", "Markt"]), [(1, 1)]),
]


def test_the_cosine_is_over_parameters_that_both_losses_reach() -> None:
    shared, own, other = (nn.Parameter(torch.tensor(value)) for value in ([1.0, 1.0], [2.0], [3.0]))
    parts = 3 * shared[0] + 4 * shared[1] + 7 * own[0], 5 * shared[0] + other[0] ** 2
    assert float(gradient_cosine(parts, [shared, own, other])) == pytest.approx(3 / 5)
    assert shared.grad is None
    sum(parts).backward()  # type: ignore[union-attr]
    assert shared.grad.tolist() == [8.0, 4.0]
    assert math.isnan(gradient_cosine((shared.sum(), 0 * shared.sum()), [shared]))


def test_gradients_that_are_sparse_in_their_rows_give_the_same_cosine() -> None:
    torch.manual_seed(0)
    embedding, cosines = nn.Embedding(9, 4), []
    for sparse in ((False, False), (True, True), (True, False), (False, True)):
        parts = []
        for kind, rows in zip(sparse, ([1, 2, 2, 5], [2, 5, 7]), strict=True):
            embedding.sparse = kind
            parts.append((embedding(torch.tensor(rows)) ** 2).sum())
        cosines.append(float(gradient_cosine(parts, [embedding.weight])))
    assert 0 < cosines[0] < 1 and cosines == pytest.approx(cosines[:1] * 4)


def trained(folder: Path, checkpoint: Path, every: int | None, at_once: int | None) -> Path:
    """A joint training of six steps with dropout."""
    torch.manual_seed(5)
    data = TokenData(
        [["the", "river"], ["the", "old", "market"], ["a", "museum"]], [[0, 1], [0, 1, 1], [0, 1]], ["D", "N"]
    )
    tagger, tokenizer = load(checkpoint, torch.device("cpu"), data.label_names), WordTokenizer(checkpoint, 32)
    task = TaggingObjective(tagger, tokenizer, data, 2, np.random.default_rng(1))
    # the fourth batch has no link
    draws = iter([PAIRS, PAIRS, PAIRS, [(pair, []) for pair, _ in PAIRS], PAIRS, PAIRS, PAIRS])
    realignment = RealignmentObjective(base_encoder(tagger), tokenizer, draws, contrastive_loss)
    manifest = Manifest(model="small", labels=data.label_names)
    execution = Execution("float32", at_once, gradient_cosine=every)
    objective = JointObjective(task, realignment, 0.5)
    train_checkpoint(
        tagger, objective, Plan(1e-3, 6), checkpoint, Destination(folder, manifest), execution, sentences=9
    )
    return folder


def losses(folder: Path) -> list[dict[str, Any]]:
    with (folder / "loss.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("at_once", [None, 1])
def test_logging_changes_no_result(tmp_path: Path, checkpoint: Path, at_once: int | None) -> None:
    off, on = (trained(tmp_path / str(every), checkpoint, every, at_once) for every in (None, 3))
    for name in (WEIGHTS, MANIFEST):
        assert (off / name).read_bytes() == (on / name).read_bytes()
    rows = losses(on)
    cosines = [row.pop("gradient_cosine") for row in rows]
    assert rows == losses(off) and "gradient_cosine" not in rows[0]
    assert -1 < float(cosines[0]) < 1 and float(cosines[0]) != 0
    assert cosines[1:] == ["", "", "", "", ""], "the fourth batch has no gradient of realignment"
    often = losses(trained(tmp_path / "often", checkpoint, 1, at_once))
    assert [bool(row["gradient_cosine"]) for row in often] == [True, True, True, False, True, True]
    assert often[0]["gradient_cosine"] == cosines[0]


def test_the_setting_belongs_to_realignment_during_fine_tuning_and_to_no_result() -> None:
    content = yaml.safe_load((STUDY / "config.yaml").read_text(encoding="utf-8"))
    methods = {"baseline": {}, "before-dictionary": {}, "during-dictionary": {}}
    plain, logged = (
        Experiment(read_config(merged(content, {"methods": methods, "realignment": realignment})), PROJECT / "lab")
        for realignment in ({}, {"gradient_cosine": 5})
    )
    assert plain.recipe_names == logged.recipe_names
    assert plain.joint_params("during-dictionary") == logged.joint_params("during-dictionary")
    assert plain.gradient_logs == [] and plain.gradient_cosine("during-dictionary") is None
    assert logged.gradient_cosine("during-dictionary") == 5
    assert set(logged.gradient_logs) == {
        (
            model,
            "during-dictionary",
            None,
            task,
            seed,
            f"results/finetuned/{model}/during-dictionary/{task}/seed{seed}/loss.csv",
        )
        for model in logged.config.models
        for task in logged.tasks
        for seed in logged.seeds
    }
    idle = {"baseline": {}, "before-dictionary": {"gradient_cosine": 5}}
    with pytest.raises(InputError, match="methods.before-dictionary.gradient_cosine: has no effect before fine-tuning"):
        read_config(merged(content, {"methods": idle}))
