"""Realignment as a training objective: the loss between translations, batch after batch (Wu and Dredze 2020)."""

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol

import torch
from numpy.random import Generator
from torch import Tensor, nn
from torch.func import functional_call

from realign.encoders.checks import check_layers, check_length
from realign.encoders.words import NO_PIECE, WordTokenizer, pad, padded
from realign.realignment.freezing import Freeze, frozen_parameters
from realign.realignment.head import Width, new_head
from realign.realignment.linked_bitext import LinkedPair, PairFile, mixed_batches
from realign.realignment.padding import without_padding

if TYPE_CHECKING:
    from transformers import PreTrainedModel


class WordLoss(Protocol):
    """A loss between linked words, such as `realign.realignment.losses.contrastive.loss`."""

    def __call__(self, words: Tensor, links: Tensor, is_source: Tensor, /) -> Tensor:
        """A scalar from `words` [n, hidden], `links` [p, 2] and `is_source` [n]."""


@dataclass(frozen=True)
class RealignmentSettings:
    """Settings of the objective: what is realigned, on which layers, with which loss."""

    loss: str
    """The loss's module."""
    batch_size: int = 16
    """Sentence pairs per step."""
    max_length: int = 96
    layers: Sequence[int] = (-1,)
    loss_settings: Mapping[str, Any] = field(default_factory=dict)
    unit: Literal["word", "sentence"] = "word"
    head: Sequence[Width] | None = None
    freeze: Freeze | None = None
    regularise_to_start: float = 0.0

    def word_loss(self) -> WordLoss:
        """The loss with its settings."""
        return partial(import_module(self.loss).loss, **self.loss_settings)


class RealignmentBatch(NamedTuple):
    """Padded sentences, sources first, and what is realigned in them.

    `ids` and `mask` are [2 batch, pieces]. `words` is [n], the index of each word's piece in the flattened `ids`; if
    sentences are realigned, it is [2 batch, pieces] and marks the pieces of words with 1. `links` is [p, 2], indices of
    linked source and target words (or sentences) among the n (or 2 batch); `is_source` is [n] or [2 batch].
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
        *,
        head: nn.Module | None = None,
        frozen: Sequence[str] = (),
        regularise_to_start: float = 0.0,
    ) -> None:
        """`frozen` names parameters of the encoder that the loss does not change.

        `regularise_to_start` is the weight of the mean squared distance of source words from what they are in the
        encoder as it is now (Cao et al. 2020). Raises `InputError` for a layer that the encoder does not have.
        """
        check_layers(encoder, layers)
        self.encoder, self.tokenizer, self.draws = encoder, tokenizer, draws
        self.word_loss, self.layers, self.head, self.frozen = loss, layers, head, set(frozen)
        self.regularise_to_start = regularise_to_start
        self.start = copy.deepcopy(encoder).eval().requires_grad_(False) if regularise_to_start else None

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
        states = without_padding(self._states, at_once, batch.ids, batch.mask)  # [2b, pieces, layers, hidden]
        if len(batch.links) == 0:
            return states.sum() * 0.0
        vectors = self.vectors(states, batch)  # [n, layers, hidden]
        realigned = vectors if self.head is None else self.head(vectors)
        losses = [self.word_loss(layer, batch.links, batch.is_source) for layer in realigned.unbind(1)]
        loss = torch.stack(losses).mean()
        if self.start is None:
            return loss
        return loss + self.regularise_to_start * self._distance_from_start(vectors, batch, at_once)

    def vectors(self, states: Tensor, batch: RealignmentBatch) -> Tensor:
        """The vectors [n, layers, hidden] of what is realigned, from the states [2 batch, pieces, layers, hidden]."""
        return states.flatten(0, 1).index_select(0, batch.words)

    def _distance_from_start(self, vectors: Tensor, batch: RealignmentBatch, at_once: int | None) -> Tensor:
        """Mean squared distance of the source side, the first half, from the start encoder, a scalar."""
        half, source = len(batch.ids) // 2, batch._replace(words=batch.words[batch.is_source])
        with torch.no_grad():
            start = partial(self._states, of=self.start)
            before = self.vectors(without_padding(start, at_once, batch.ids[:half], batch.mask[:half]), source)
        return nn.functional.mse_loss(vectors[batch.is_source].float(), before.float())

    def _states(self, ids: Tensor, mask: Tensor, of: "PreTrainedModel | None" = None) -> Tensor:
        inputs = {"input_ids": ids, "attention_mask": mask, "output_hidden_states": True}
        if of is None and self.frozen:
            # without their gradient, the optimiser skips the frozen parameters, or gives them that of the task alone
            fixed = {name: tensor.detach() for name, tensor in self.encoder.named_parameters() if name in self.frozen}
            states = functional_call(self.encoder, fixed, kwargs=inputs).hidden_states
        else:
            states = (of or self.encoder)(**inputs).hidden_states
        return torch.stack([states[layer] for layer in self.layers], dim=2)


class SentenceObjective(RealignmentObjective):
    """Realigns sentences without word links (Nguyen et al. 2025): a sentence is the mean of its words' pieces."""

    def prepare(self, linked: Sequence[LinkedPair]) -> RealignmentBatch:
        """The sentences of these pairs; each is linked to its translation if both have a word."""
        sentences = [pair.source for pair, _ in linked] + [pair.target for pair, _ in linked]
        encoded = self.tokenizer.encode_pieces(sentences)
        ids, mask = padded([sentence.ids for sentence in encoded], self.tokenizer.pad_id)
        pieces = pad([[int(word != NO_PIECE) for word in sentence.words] for sentence in encoded], 0)  # [2b, pieces]
        present, size = pieces.any(dim=1), len(linked)
        kept = [number for number, (_, links) in enumerate(linked) if links and present[[number, number + size]].all()]
        links = torch.tensor([(number, number + size) for number in kept], dtype=torch.long).view(-1, 2)
        return RealignmentBatch(ids, mask, pieces.float(), links, torch.arange(2 * size) < size)

    def vectors(self, states: Tensor, batch: RealignmentBatch) -> Tensor:
        """The mean [2 batch, layers, hidden] of the states of each sentence's pieces."""
        weights = batch.words[:, :, None, None]
        return (states * weights).sum(dim=1) / weights.sum(dim=1).clamp(min=1.0)


def realignment_objective(
    encoder: "PreTrainedModel",
    folder: Path,
    files: Sequence[PairFile],
    settings: RealignmentSettings,
    rng: Generator,
) -> RealignmentObjective:
    """The objective of an encoder whose tokenizer is in `folder`, on bitext in several languages.

    Raises `InputError` for layers or a length that the encoder does not have.
    """
    check_length(encoder, settings.max_length, "realignment")
    head = new_head(settings.head, encoder.config.hidden_size).to(encoder.device) if settings.head else None
    objective = SentenceObjective if settings.unit == "sentence" else RealignmentObjective
    return objective(
        encoder,
        WordTokenizer(folder, settings.max_length),
        mixed_batches(files, settings.batch_size, rng),
        settings.word_loss(),
        settings.layers,
        head=head,
        frozen=frozen_parameters(encoder, settings.freeze),
        regularise_to_start=settings.regularise_to_start,
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
