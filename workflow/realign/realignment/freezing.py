"""Layers that realignment leaves as they are (AlignFreeze, Bakos et al. 2025)."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from realign.encoders.layers import parameters_of
from realign.errors import InputError

if TYPE_CHECKING:
    from transformers import PreTrainedModel

Freeze = Literal["lower", "upper"] | Sequence[int]
"""`lower` or `upper` half of the transformer layers, or the first and the last layer to freeze."""


def frozen_layers(freeze: Freeze, layers: int) -> range:
    """The numbers of the frozen layers of an encoder with `layers` layers; 0 is the embeddings.

    A half is `layers // 2` layers, and leaves the embeddings trainable. Raises `InputError` for layers that the encoder
    does not have.
    """
    if freeze == "lower":
        return range(1, layers // 2 + 1)
    if freeze == "upper":
        return range(layers - layers // 2 + 1, layers + 1)
    first, last = (int(layer) for layer in freeze)
    if last > layers:
        raise InputError(f"realignment.freeze: found [{first}, {last}]; the encoder has {layers} layers")
    return range(first, last + 1)


def frozen_parameters(encoder: "PreTrainedModel", freeze: Freeze | None) -> list[str]:
    """The names of the parameters that realignment leaves as they are."""
    if freeze is None:
        return []
    return parameters_of(encoder, frozen_layers(freeze, encoder.config.num_hidden_layers))
