"""Checks of settings against an encoder, made before the first step of a training: its layers and its positions."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from torch import nn

from realign.errors import InputError

if TYPE_CHECKING:
    from transformers import PreTrainedModel


def check_layers(encoder: "PreTrainedModel", layers: Sequence[int]) -> None:
    """Raise `InputError` for a layer that the encoder does not have; 0 is its embeddings, -1 is the last."""
    last = encoder.config.num_hidden_layers
    outside = [layer for layer in layers if not -last - 1 <= layer <= last]
    if outside:
        raise InputError(f"realignment.layers: found {outside}; the encoder has {last} layers, expected up to {last}")


def check_length(encoder: "PreTrainedModel", max_length: int, section: str) -> None:
    """Raise `InputError` for sentences longer than the encoder's table of positions, if it has one."""
    for name, module in encoder.named_modules():
        if name.rpartition(".")[2] == "position_embeddings" and isinstance(module, nn.Embedding):
            # families with a row for padding count positions from the row after it
            unused = 0 if module.padding_idx is None else module.padding_idx + 1
            longest = module.num_embeddings - unused
            if max_length > longest:
                raise InputError(
                    f"{section}.max_length: found {max_length}; the encoder has positions for {longest} sub-words"
                )
