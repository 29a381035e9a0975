"""A training killed at any step continues from its saved state, to the same bytes as one that never was."""

import os
import random
import signal
import subprocess
import sys
import time
from itertools import count
from pathlib import Path

import pytest
import torch

from realign.encoders.checkpoint import MANIFEST, WEIGHTS
from realign.training.loop import Plan, train
from realign.training.resuming import Interrupted, TrainingState
from study import PROJECT

# a joint training of 40 steps; it saves its state after every step and prints each to its standard output
TRAINING = """
import sys
from pathlib import Path
import torch
torch.set_num_threads(1)
from realign.encoders.devices import seed_everything
from realign.encoders.checkpoint import Manifest, base_encoder
from realign.encoders.words import WordTokenizer
from realign.tasks.tagging.model import TaggingObjective, load
from realign.realignment.joint import JointObjective
from realign.realignment.linked_bitext import pair_files, mixed_batches
from realign.realignment.losses.contrastive import loss
from realign.realignment.objective import RealignmentObjective
from realign.training.checkpointing import Destination, Execution, train_checkpoint
from realign.tasks.tagging.data import TokenData
from realign.training.loop import Plan

encoder, folder, bitext, links = map(Path, sys.argv[1:])
sentences = [["the", "river"], ["the", "old", "market"], ["a", "museum"]]
data = TokenData(sentences * 3, [[0, 1], [0, 1, 1], [0, 1]] * 3, ["D", "N"])
rng = seed_everything(31)
tagger = load(encoder, torch.device("cpu"), data.label_names)
tokenizer = WordTokenizer(encoder, 32)
task = TaggingObjective(tagger, tokenizer, data, 2, rng)
batches = mixed_batches(pair_files([str(bitext)], [str(links)]), 2, rng)

class Announced(JointObjective):
    def prepare(self, draw):
        step, draws = draw
        print(step, flush=True)
        return super().prepare(draws)

objective = Announced(task, RealignmentObjective(base_encoder(tagger), tokenizer, batches, loss))
objective.draws = enumerate(objective.draws)
manifest = Manifest(model="small", labels=data.label_names, steps=40)
train_checkpoint(
    tagger, objective, Plan(1e-3, 40, 0.1, "linear"), encoder, Destination(folder, manifest),
    Execution("float32", identity="the same", state_seconds=1e-9, gradient_cosine=4), sentences=80,
)
"""


@pytest.fixture(scope="module")
def command(tmp_path_factory: pytest.TempPathFactory, checkpoint: Path) -> list[str]:
    """The training's command line, but for the folder that it writes to, which comes last."""
    home = tmp_path_factory.mktemp("training")
    lines = [
        ("the river ||| der Fluss", "0-0 1-1"),
        ("old market ||| alter Markt", "0-0 1-1"),
        ("museum ||| Haus", "0-0"),
    ]
    for name, column in (("bitext", 0), ("links", 1)):
        (home / name).write_text("".join(line[column] + "\n" for line in lines), encoding="utf-8")
    (home / "training.py").write_text(TRAINING, encoding="utf-8")
    return [
        sys.executable,
        str(home / "training.py"),
        str(checkpoint),
        "FOLDER",
        str(home / "bitext"),
        str(home / "links"),
    ]


def start(command: list[str], folder: Path) -> subprocess.Popen[str]:
    line = [str(folder) if part == "FOLDER" else part for part in command]
    environment = {**os.environ, "PYTHONPATH": str(PROJECT / "workflow")}
    return subprocess.Popen(line, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def steps_until_end(process: subprocess.Popen[str]) -> list[int]:
    out, err = process.communicate()
    assert process.returncode == 0, err[-2000:]
    return [int(line) for line in out.splitlines() if line.isdigit()]


@pytest.fixture(scope="module")
def undisturbed(command: list[str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("undisturbed") / "seed31"
    assert steps_until_end(start(command, folder)) == list(range(40))
    assert not list(folder.parent.glob(".*")), "the state is removed when the artifact is finished"
    return folder


def stop_at(process: subprocess.Popen[str], step: int, number: signal.Signals) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        if line.strip() == str(step):
            break
    time.sleep(random.Random(step).uniform(0, 0.03))
    process.send_signal(number)


def same(one: Path, other: Path) -> bool:
    return all((one / name).read_bytes() == (other / name).read_bytes() for name in (WEIGHTS, MANIFEST, "loss.csv"))


def test_killed_at_random_steps_it_ends_with_the_same_bytes(
    command: list[str], undisturbed: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "seed31"
    for step in sorted(random.Random(5).sample(range(3, 36), 3)):
        process = start(command, folder)
        stop_at(process, step, signal.SIGKILL)
        process.wait()
        assert not folder.exists()
    rest = steps_until_end(start(command, folder))
    assert rest[0] > 3 and rest[-1] == 39, "it continues from the last state"
    assert same(folder, undisturbed)
    assert not list(tmp_path.glob(".*"))


def test_a_signal_lets_it_save_and_say_so(command: list[str], undisturbed: Path, tmp_path: Path) -> None:
    folder = tmp_path / "seed31"
    process = start(command, folder)
    stop_at(process, 12, signal.SIGTERM)
    _, err = process.communicate()
    assert process.returncode != 0 and "Interrupted: stopped by SIGTERM after step 1" in err
    rest = steps_until_end(start(command, folder))
    assert rest[0] in (13, 14) and same(folder, undisturbed)


def small_training(tmp_path: Path, identity: str, stop: int | None = None) -> tuple[list[float], list[int]]:
    torch.manual_seed(2)
    model = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Dropout(0.5), torch.nn.Linear(4, 1))
    x, y = torch.randn(8, 3), torch.randn(8, 1)
    state = TrainingState(tmp_path / ".state", identity, interval=1e-9)
    seen: list[int] = []

    class Loss:
        draws, head = count(), None

        def prepare(self, step: int) -> torch.Tensor:
            return torch.tensor(step)

        def loss(self, batch: torch.Tensor, _at_once: int | None = None) -> torch.Tensor:
            seen.append(int(batch))
            if batch == stop:
                os.kill(os.getpid(), signal.SIGUSR1)
            return torch.nn.functional.mse_loss(model(x), y)

    with state.listening():
        losses = train(model, Loss(), Plan(0.05, 6), precision="float32", state=state)
    return losses, seen


def test_random_states_and_losses_go_on_too(tmp_path: Path) -> None:
    whole, _ = small_training(tmp_path / "a", "x")
    with pytest.raises(Interrupted, match="stopped by SIGUSR1 after step 3; the next try continues from .*state.pt"):
        small_training(tmp_path / "b", "x", stop=2)
    losses, seen = small_training(tmp_path / "b", "x")
    assert losses == whole and seen == [3, 4, 5]


def test_a_state_of_other_settings_or_a_cut_one_is_not_used(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(Interrupted):
        small_training(tmp_path, "x", stop=2)
    _, seen = small_training(tmp_path, "y")
    assert seen == list(range(6)) and "saved by a training with other inputs or settings" in capsys.readouterr().out
    path = tmp_path / ".state" / "state.pt"
    path.write_bytes(path.read_bytes()[:500])
    _, seen = small_training(tmp_path, "y")
    assert seen == list(range(6)) and "not a readable state" in capsys.readouterr().out
