"""The layers of an encoder by number, in every model family: 0 is the embeddings, 1 the first transformer layer."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from torch import nn

from realign.errors import InputError

if TYPE_CHECKING:
    from transformers import PreTrainedModel


def parameters_of(encoder: "PreTrainedModel", layers: Iterable[int]) -> list[str]:
    """The names of the parameters of these layers, counted from 0, the embeddings.

    What belongs to no layer, such as a last normalisation, is not among them. Raises `InputError` for an encoder whose
    layers share their weights.
    """
    stack = _stack(encoder)
    prefixes = tuple(f"{stack}.{layer - 1}." for layer in layers if layer > 0)
    names = [name for name, _ in encoder.named_parameters()]
    found = [name for name in names if prefixes and name.startswith(prefixes)]
    return found + [name for name in names if 0 in layers and name.startswith("embed")]


def _stack(encoder: "PreTrainedModel") -> str:
    """The name of the list of transformer layers, the first one with as many modules as there are layers."""
    last = encoder.config.num_hidden_layers
    for name, module in encoder.named_modules():
        if isinstance(module, nn.ModuleList) and len(module) == last:
            return name
    family = encoder.config.model_type
    raise InputError(f"realignment.freeze: the layers of an encoder of the family {family!r} share their weights")
