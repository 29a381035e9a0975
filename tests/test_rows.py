"""Embeddings updated by the rows that were touched, against dense AdamW."""

from itertools import count
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from realign.training.loop import Plan, train
from realign.training.resuming import Interrupted, TrainingState
from realign.training.rows import RowwiseAdamW

VOCABULARY, STEPS = 200, 12


class Sum(nn.Module):
    """An embedding of words, one of places that is also used as a matrix, and a layer."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(1)
        self.words, self.places = nn.Embedding(VOCABULARY, 8, padding_idx=0), nn.Embedding(5, 8)
        self.layer = nn.Linear(8, 3)

    def forward(self, ids: Tensor) -> Tensor:
        states = torch.tanh(self.words(ids) + self.places(torch.arange(ids.shape[1])))
        return self.layer(states).square().mean() + (states @ self.places.weight.T).sin().mean()


class Loss:
    """The loss of words that differ from step to step; some come once, and some again after steps without them."""

    head = None

    def __init__(self, model: Sum, stop: int | None = None) -> None:
        self.model, self.stop, self.draws = model, stop, count()

    def prepare(self, step: int) -> Tensor:
        ids = torch.randint(0, 20, (4, 5), generator=torch.Generator().manual_seed(step))
        return ids + 10 * (step % 5)

    def loss(self, batch: Tensor, _at_once: int | None = None) -> Tensor:
        return self.model(batch) + self.model(batch[:2])  # two passes, whose gradients are added


def dense(plan: Plan) -> tuple[Sum, list[float]]:
    """The weights and losses of torch's AdamW."""
    model, losses = Sum(), []
    objective = Loss(model)
    optimizer = torch.optim.AdamW(model.parameters(), lr=plan.learning_rate, weight_decay=plan.weight_decay)
    for step in range(plan.steps):
        optimizer.zero_grad()
        loss = objective.loss(objective.prepare(step))
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 0.05)
        optimizer.step()
        losses.append(loss.item())
    return model, losses


@pytest.mark.parametrize("weight_decay", [0.0, 0.3])
def test_touched_rows_end_as_with_dense_adamw_and_others_keep_their_bits(weight_decay: float) -> None:
    plan = Plan(1e-2, STEPS, weight_decay=weight_decay, max_gradient_norm=0.05)
    expected, losses = dense(plan)
    model, start = Sum(), Sum().words.weight
    assert train(model, Loss(model), plan, precision="float32") == pytest.approx(losses, abs=1e-6)
    for found, wanted in zip(model.parameters(), expected.parameters(), strict=True):
        torch.testing.assert_close(found, wanted, rtol=1e-5, atol=1e-6)
    same = (model.words.weight == start).all(dim=1)
    # words 1 to 59 were touched; the padding, 0, is a row of zeros
    assert same.sum() == (1 if weight_decay else VOCABULARY - 59) and not model.words.sparse


def test_only_touched_rows_take_memory_in_the_saved_state() -> None:
    model = Sum()
    optimizer = RowwiseAdamW(model, 1e-2)
    for step in range(2):
        with optimizer.new_gradients():
            model(Loss(model).prepare(step)).backward()
        optimizer.step()
    sizes = sorted(len(state["exp_avg"]) for state in optimizer.state_dict()["state"].values())
    assert sizes[-1] < 30 and sorted(len(tensor) for tensor in optimizer.parameters()) == sizes


def test_a_training_that_was_stopped_ends_with_the_same_bytes(tmp_path: Path) -> None:
    plan = Plan(1e-2, STEPS)
    whole, again = Sum(), Sum()
    train(whole, Loss(whole), plan, precision="float32")
    state = TrainingState(tmp_path, "same", interval=1e9)

    class Stopped(Loss):
        def loss(self, batch: Tensor, at_once: int | None = None) -> Tensor:
            if int(batch.max()) >= 40:
                state._signal = 15
            return super().loss(batch, at_once)

    stopped = Sum()
    with pytest.raises(Interrupted):
        train(stopped, Stopped(stopped), plan, precision="float32", state=state)
    train(again, Loss(again), plan, precision="float32", state=TrainingState(tmp_path, "same"))
    assert all(torch.equal(one, other) for one, other in zip(whole.parameters(), again.parameters(), strict=True))
