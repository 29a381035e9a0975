"""Realignment as a training objective: the loss between linked words, batch after batch (Wu and Dredze 2020)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import torch
from numpy.random import Generator
from torch import Tensor

from realign.encoders.checks import check_layers, check_length
from realign.encoders.devices import in_micro_batches
from realign.encoders.words import NO_PIECE, WordTokenizer
from realign.realignment.linked_bitext import LinkedBitextFile, LinkedPair, mixed_batches

if TYPE_CHECKING:
    from transformers import PreTrainedModel


class WordLoss(Protocol):
    """A loss between linked words, such as `realign.realignment.losses.contrastive.loss`."""

    def __call__(self, words: Tensor, links: Tensor, is_source: Tensor, /) -> Tensor:
        """A scalar from `words` [n, hidden], `links` [p, 2] and `is_source` [n]."""


@dataclass(frozen=True)
class RealignmentSettings:
    """Settings of the objective: sentence pairs per step, layers to realign, the loss and its settings."""

    loss: str
    """The loss's module."""
    batch_size: int = 16
    max_length: int = 96
    layers: Sequence[int] = (-1,)
    loss_settings: Mapping[str, Any] = field(default_factory=dict)

    def word_loss(self) -> WordLoss:
        """The loss with its settings."""
        return partial(import_module(self.loss).loss, **self.loss_settings)


class RealignmentBatch(NamedTuple):
    """Padded sentences, sources first, and the words among them that have a representation.

    `ids` and `mask` are [2 batch, pieces]; `words` is [n], the index of each word's piece in the flattened `ids`;
    `links` is [p, 2], indices of linked source and target words among the n; `is_source` is [n].
    """

    ids: Tensor
    mask: Tensor
    words: Tensor
    links: Tensor
    is_source: Tensor


class RealignmentObjective:
    """Computes the realignment loss of an encoder, batch after batch of linked sentence pairs."""

    def __init__(
        self,
        encoder: "PreTrainedModel",
        tokenizer: WordTokenizer,
        draws: Iterator[list[LinkedPair]],
        loss: WordLoss,
        layers: Sequence[int] = (-1,),
    ) -> None:
        """Raises `InputError` for a layer that the encoder does not have."""
        check_layers(encoder, layers)
        self.encoder, self.tokenizer, self.draws = encoder, tokenizer, draws
        self.word_loss, self.layers = loss, layers

    def prepare(self, linked: Sequence[LinkedPair]) -> RealignmentBatch:
        """The sentences of these pairs, and the links between words that both have a representation."""
        sentences = [pair.source for pair, _ in linked] + [pair.target for pair, _ in linked]
        batch = self.tokenizer.collate(self.tokenizer.encode(sentences))
        present = batch.first_pieces != NO_PIECE  # [2b, words]
        numbers = torch.arange(len(sentences)).unsqueeze(1)
        return RealignmentBatch(
            batch.ids,
            batch.mask,
            (numbers * batch.ids.shape[1] + batch.first_pieces)[present],
            _links_between(linked, present),
            (numbers < len(linked)).expand_as(present)[present],
        )

    def loss(self, batch: RealignmentBatch, at_once: int | None = None) -> Tensor:
        """The loss, averaged over `layers`; 0 when truncation leaves the batch without a link."""
        states = in_micro_batches(self._states, at_once, batch.ids, batch.mask)  # [2b, pieces, layers, hidden]
        if len(batch.links) == 0:
            return states.sum() * 0.0
        words = states.flatten(0, 1).index_select(0, batch.words)  # [n, layers, hidden]
        losses = [self.word_loss(layer, batch.links, batch.is_source) for layer in words.unbind(1)]
        return torch.stack(losses).mean()

    def _states(self, ids: Tensor, mask: Tensor) -> Tensor:
        states = self.encoder(input_ids=ids, attention_mask=mask, output_hidden_states=True).hidden_states
        return torch.stack([states[layer] for layer in self.layers], dim=2)


def realignment_objective(
    encoder: "PreTrainedModel",
    folder: Path,
    files: Sequence[LinkedBitextFile],
    settings: RealignmentSettings,
    rng: Generator,
) -> RealignmentObjective:
    """The objective of an encoder whose tokenizer is in `folder`, on linked bitext in several languages.

    Raises `InputError` for layers or a length that the encoder does not have.
    """
    check_length(encoder, settings.max_length, "realignment")
    return RealignmentObjective(
        encoder,
        WordTokenizer(folder, settings.max_length),
        mixed_batches(files, settings.batch_size, rng),
        settings.word_loss(),
        settings.layers,
    )


def _links_between(linked: Sequence[LinkedPair], present: Tensor) -> Tensor:
    """Links [p, 2] between present words, as indices among these; `present` [2 batch, words] marks them."""
    position = torch.cumsum(present.flatten(), 0).view(present.shape) - 1  # index among the present words
    places = [(number, i, number + len(linked), j) for number, (_, links) in enumerate(linked) for i, j in links]
    if not places:
        return position.new_empty((0, 2))
    source, i, target, j = torch.tensor(places).T
    kept = present[source, i] & present[target, j]
    return torch.stack([position[source, i][kept], position[target, j][kept]], dim=1)
