"""Embeddings in training: only the rows that have had a gradient are updated, with the result of dense AdamW.

AdamW without weight decay leaves a row as it is until its first gradient, because both of its moments are 0. Later the
row moves in every step, also in those that do not touch it. So a dense parameter of all rows touched so far, in the
order of their first gradient, has the same updates as the whole matrix, of which a step touches a few hundred.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.optimizer import StateDict

MOMENTS = ("exp_avg", "exp_avg_sq")


class RowwiseAdamW(torch.optim.AdamW):
    """Fused AdamW of a model; on a processor and without weight decay, embeddings are updated by touched rows."""

    def __init__(self, model: nn.Module, learning_rate: float, weight_decay: float = 0.0) -> None:
        """Optimise all parameters of `model` that require a gradient."""
        tensors = [tensor for tensor in model.parameters() if tensor.requires_grad]
        self._embeddings: list[nn.Embedding] = []
        if tensors[0].device.type == "cpu" and weight_decay == 0.0:  # a GPU updates all rows faster than it finds them
            self._embeddings = _trained_embeddings(model)
        by_row = {id(embedding.weight) for embedding in self._embeddings}
        self._whole = [tensor for tensor in tensors if id(tensor) not in by_row]
        super().__init__(self._whole, lr=learning_rate, weight_decay=weight_decay, fused=True)
        self._rows = [TouchedRows(embedding, self) for embedding in self._embeddings]

    @contextmanager
    def new_gradients(self) -> Iterator[None]:
        """Forget the gradients; those of the block's backward pass are ready after it."""
        self.zero_grad(set_to_none=True)
        for embedding in self._embeddings:
            embedding.weight.grad, embedding.sparse = None, True
        try:
            yield
        finally:
            for embedding in self._embeddings:
                embedding.sparse = False
        for rows in self._rows:
            rows.gather()

    def parameters(self) -> list[Tensor]:
        """What is updated: whole tensors, and the touched rows of embeddings; the rest has no gradient."""
        return [*self._whole, *(rows.parameter for rows in self._rows)]

    def trained(self) -> list[Tensor]:
        """The tensors of the model that training changes."""
        return [*self._whole, *(embedding.weight for embedding in self._embeddings)]

    def step(self, closure: Any = None) -> Any:
        """Update the parameters, and the embeddings from their rows."""
        loss = super().step(closure)
        for rows in self._rows:
            rows.write()
        return loss

    def load_state_dict(self, state_dict: StateDict) -> None:
        """Take up a saved state, and its rows with the values that the model has."""
        super().load_state_dict(state_dict)
        for rows in self._rows:
            rows.restore()


def _trained_embeddings(model: nn.Module) -> list[nn.Embedding]:
    """The embeddings that training changes, one for each weight."""
    found = [module for module in model.modules() if isinstance(module, nn.Embedding) and module.weight.requires_grad]
    return list({id(embedding.weight): embedding for embedding in found}.values())


class TouchedRows:
    """The rows of an embedding that have had a gradient, as a parameter of an optimiser; the embedding follows it."""

    def __init__(self, embedding: nn.Embedding, optimizer: Optimizer) -> None:
        """Take over the embedding's weight, which must not be a parameter of the optimiser itself."""
        self.weight, self.optimizer, self._number = embedding.weight, optimizer, len(optimizer.param_groups)
        # memory is taken only where it is written, which is in the first rows
        self._buffers = {name: torch.empty_like(self.weight) for name in ("rows", "gradient", *MOMENTS)}
        self._place = torch.full((len(self.weight),), -1)  # of each row among the touched ones
        optimizer.add_param_group({"params": [nn.Parameter(self._buffers["rows"][:0])], "rows": torch.arange(0)})

    @property
    def parameter(self) -> nn.Parameter:
        """The touched rows [k, hidden]."""
        return self._group["params"][0]

    @property
    def _group(self) -> dict[str, Any]:
        return self.optimizer.param_groups[self._number]

    def gather(self) -> None:
        """After a backward pass: move the gradient of the embedding to the parameter, which grows by new rows."""
        gradient, self.weight.grad = self.weight.grad, None
        if gradient is None:
            return
        if gradient.is_sparse:
            rows, values = gradient._indices()[0], gradient._values()
        else:  # the weight has another use beside the embedding
            rows, values = torch.arange(len(gradient)), gradient
        self._add(rows[self._place[rows] < 0].unique())
        gathered = self._buffers["gradient"][: len(self.parameter)].zero_()
        self.parameter.grad = gathered.index_add_(0, self._place[rows], values)

    @torch.no_grad()
    def write(self) -> None:
        """After a step of the optimiser: copy the rows to the embedding."""
        self.weight.index_copy_(0, self._group["rows"], self.parameter)

    def restore(self) -> None:
        """After a state of the optimiser is loaded: take up its rows."""
        rows, saved = self._group["rows"], self.optimizer.state.pop(self.parameter, {})
        self._group["rows"] = rows[:0]
        self._add(rows)
        for name, value in saved.items():
            self.optimizer.state[self.parameter][name].copy_(value)

    @torch.no_grad()
    def _add(self, new: Tensor) -> None:
        if len(new) == 0:
            return
        rows, state = torch.cat([self._group["rows"], new]), self.optimizer.state.pop(self.parameter, {})
        start, end = len(rows) - len(new), len(rows)
        self._place[new] = torch.arange(start, end)
        self._buffers["rows"][start:end] = self.weight[new]
        for name in MOMENTS:
            self._buffers[name][start:end] = 0.0
        parameter = nn.Parameter(self._buffers["rows"][:end])
        self._group.update(params=[parameter], rows=rows)
        self.optimizer.state[parameter] = {
            "step": state.get("step", torch.tensor(0.0)),
            **{name: self._buffers[name][:end] for name in MOMENTS},
        }
