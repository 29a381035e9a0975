"""What an experiment will take, before anything is fetched."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from realign.config.reading import read_config
from realign.encoders.e5 import E5File
from realign.encoders.lab import kept_ids
from realign.errors import InputError
from realign.experiment.encoder_sizes import KNOWN, LAB_PIECES, Shape, shape_of
from realign.experiment.estimate import Assumptions, Training, disk, rows, trainings
from realign.experiment.experiment import Experiment
from study import PROJECT, environment


def content() -> dict[str, Any]:
    """Two models, of which one is only a baseline; three methods, one task and two seeds."""
    entry = {"source": "hub", "name": "FacebookAI/xlm-roberta-base"}
    return {
        "target_languages": ["ar", "zh"],
        "seeds": [1, 2],
        "models": {"base": entry, "large": {**entry, "name": "FacebookAI/xlm-roberta-large", "methods": ["baseline"]}},
        "methods": ["baseline", "before-dictionary", "during-dictionary"],
        "tasks": {"pos": {"source": "hub", "dataset": "xtreme", "training_sentences": 320}},
        "bitext": {"source": "hub", "dataset": "opus-100", "max_sentences": 100_000},
        "realignment": {"steps": "match", "batch_size": 8},
        "finetuning": {"epochs": 5, "batch_size": 32},
        "storage": {"keep": ["realigned"], "dtype": "bfloat16"},
    }


@pytest.fixture
def experiment() -> Experiment:
    return Experiment(read_config(content()), PROJECT / "lab")


@pytest.mark.parametrize(
    ("name", "millions"),
    [
        ("distilbert/distilbert-base-multilingual-cased", 135),
        ("google-bert/bert-base-multilingual-cased", 178),
        ("FacebookAI/xlm-roberta-base", 278),
        ("FacebookAI/xlm-roberta-large", 560),
        ("jhu-clsp/mmBERT-small", 140),
        ("jhu-clsp/mmBERT-base", 307),
        ("EuroBERT/EuroBERT-210m", 212),
    ],
)
def test_a_shape_gives_the_parameters_that_its_model_card_says(name: str, millions: int) -> None:
    assert KNOWN[name].parameters / 1e6 == pytest.approx(millions, rel=0.01)


def test_the_shape_of_an_encoder_on_disk_is_read_from_its_config(small_encoder: Path) -> None:
    entry = read_config(
        yaml.safe_load((PROJECT / "config.yaml").read_text(encoding="utf-8"))
        | {"models": {"mine": {"source": "files", "path": str(small_encoder)}}}
    ).models["mine"]
    shape = shape_of("mine", entry, Path("results"))
    assert shape is not None and (shape.layers, shape.hidden, shape.inner) == (2, 384, 1536)


def test_every_training_is_counted_with_its_steps(experiment: Experiment) -> None:
    assert sorted(trainings(experiment), key=lambda one: (one.kind, one.model, one.steps)) == [
        Training("finetune", "base", 2, 50, 32),
        Training("finetune", "base", 2, 50, 32),
        Training("finetune", "large", 2, 50, 32),
        Training("finetune_jointly", "base", 2, 50, 48),
        Training("realign", "base", 2, 50, 16),
    ]


def test_hours_and_disk_equal_a_count_by_hand(experiment: Experiment) -> None:
    tiny = Shape(layers=1, hidden=10, inner=40, vocabulary=1000, positions=0)
    assert tiny.trunk == 4 * 100 + 2 * 400 + 90 + 40
    # 6 operations * 1330 parameters * 32 sentences * 10 sub-words, at 2.5536e6 a second: 1 second
    assumed = Assumptions(subwords=10, teraflops=2.5536e-6, step_seconds=0.0, job_seconds=60.0)
    assert Training("finetune", "base", 3, 1200, 32).hours(tiny, assumed) == pytest.approx(1.0)
    assert Training("realign", "base", 1, 3600, 32).hours(tiny, Assumptions(step_seconds=0.5)) == pytest.approx(0.5)
    jobs = {"realign": 2, "finetune": 6, "finetune_jointly": 2, "score": 30, "report": 1}
    table = rows(experiment, jobs, {"base": tiny, "large": tiny}, assumed)
    assert [line.split() for line in table[1:]] == [
        ["realign", "2", "100", "0.0"],
        ["finetune", "6", "300", "0.1"],
        ["finetune_jointly", "2", "100", "0.0"],
        ["score", "30", "0.5"],
        ["report", "1"],
        ["total", "41", "500", "0.6"],
    ]
    # 11,330 parameters of 2 bytes, in 2 realigned and 8 fine-tuned models
    big = Shape(layers=1000, hidden=1000, inner=1, vocabulary=1000, positions=0)
    lines = disk(experiment, {"base": big, "large": big})
    gigabytes = big.parameters * 2 / 1e9
    assert lines[1] == f"{'realigned weights':22}{2 * gigabytes:8.1f} GB"
    assert lines[2].startswith(f"{'finetuned weights':22}{8 * gigabytes:8.1f} GB if all were kept")
    assert lines[3] == f"{'bitext':22}{0.12:8.1f} GB at most"


def test_the_lab_s_encoder_is_as_large_as_the_one_that_is_written(e5_file: E5File) -> None:
    vocabulary = set((PROJECT / "lab/vocabulary.txt").read_text(encoding="utf-8").splitlines())
    assert len(kept_ids(e5_file.pieces, vocabulary)) == LAB_PIECES


def test_a_training_of_unknown_length_is_not_counted_as_none() -> None:
    changed = content() | {"tasks": {"pos": {"source": "hub", "dataset": "xtreme-r"}}, "realignment": {"steps": 60}}
    with pytest.raises(InputError, match=r"config: tasks.pos.training_sentences: missing"):
        list(trainings(Experiment(read_config(changed), PROJECT / "lab")))


def run(*options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(PROJECT / "workflow/estimate"), *options]
    return subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, env=environment(), check=False)


def test_the_command_counts_the_jobs_of_a_whole_run() -> None:
    said = run("--teraflops", "100")
    assert said.returncode == 0, said.stderr
    counted = {line.split()[0]: line.split()[1] for line in said.stdout.splitlines() if line[:1].isalpha()}
    assert (counted["finetune"], counted["score"], counted["total"]) == ("18", "108", "279")
    assert "teraflops 100" in said.stdout


def test_a_mistake_is_one_sentence(tmp_path: Path) -> None:
    assert run("--configfile", str(tmp_path / "none.yaml")).stderr == f"{tmp_path / 'none.yaml'}: no such file\n"
    (tmp_path / "config.yaml").write_text("seeds: [1]\n", encoding="utf-8")
    said = run("--configfile", str(tmp_path / "config.yaml"))
    assert said.returncode == 1 and said.stderr.count("\n") == 1 and "target_languages" in said.stderr
