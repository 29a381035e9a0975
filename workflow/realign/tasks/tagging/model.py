"""A tagger on top of an encoder: its loss, its predictions and their scores.

A sentence that is too long for the encoder is split at word boundaries; each part is a sequence of its own.
"""

from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import torch
from numpy.random import Generator
from torch import Tensor, nn

from realign.encoders.batches import batches_by_length
from realign.encoders.checkpoint import load_with_head
from realign.encoders.devices import autocast, in_micro_batches
from realign.encoders.precision import Precision
from realign.encoders.words import NO_PIECE, WordTokenizer, pad, word_states
from realign.tasks.kind import Metric
from realign.tasks.metrics.counts import Counts
from realign.tasks.tagging.data import TokenData
from realign.training.batches import endless_batches

if TYPE_CHECKING:
    from transformers import PreTrainedModel

IGNORED = -100
"""Label of words without representation and of padding, which the loss ignores."""


def load(folder: Path, device: torch.device, labels: list[str] | None = None) -> "PreTrainedModel":
    """The fine-tuned tagger in `folder`, or a new head over its encoder when `labels` are given."""
    from transformers import AutoModelForTokenClassification

    return load_with_head(AutoModelForTokenClassification, folder, device, labels)


class TaggingBatch(NamedTuple):
    """Padded parts of sentences: `ids` and `mask` are [batch, pieces], `first_pieces` and `labels` [batch, words]."""

    ids: Tensor
    mask: Tensor
    first_pieces: Tensor
    labels: Tensor


class TaggingObjective:
    """Computes the cross-entropy of a tagger at the representing sub-word of each word, batch after batch.

    The batch size counts whole sentences; a batch holds all parts of each.
    """

    head = None

    def __init__(
        self, tagger: "PreTrainedModel", tokenizer: WordTokenizer, data: TokenData, batch_size: int, rng: Generator
    ) -> None:
        self.tagger, self.tokenizer = tagger, tokenizer
        slices = tokenizer.split(data.tokens)
        self.parts = [
            tokenizer.encode([words[part] for part in parts]) for words, parts in zip(data.tokens, slices, strict=True)
        ]
        self.labels = [[labels[part] for part in parts] for labels, parts in zip(data.labels, slices, strict=True)]
        lengths = [max(len(part.ids) for part in parts) for parts in self.parts]
        self.draws = endless_batches(lengths, batch_size, rng)

    def prepare(self, chosen: Sequence[int]) -> TaggingBatch:
        """The sentences of these indices."""
        batch = self.tokenizer.collate([part for index in chosen for part in self.parts[index]])
        labels = pad([labels for index in chosen for labels in self.labels[index]], IGNORED)
        labels[batch.first_pieces == NO_PIECE] = IGNORED
        return TaggingBatch(batch.ids, batch.mask, batch.first_pieces, labels)

    def loss(self, batch: TaggingBatch, at_once: int | None = None) -> Tensor:
        """The mean over the batch's words."""
        words = in_micro_batches(self._word_logits, at_once, batch.ids, batch.mask, batch.first_pieces)
        return nn.functional.cross_entropy(words.flatten(0, 1), batch.labels.flatten(), ignore_index=IGNORED)

    def _word_logits(self, ids: Tensor, mask: Tensor, first_pieces: Tensor) -> Tensor:
        logits = self.tagger(input_ids=ids, attention_mask=mask).logits  # [batch, pieces, labels]
        return word_states(logits, first_pieces).float()


def objective(
    tagger: "PreTrainedModel", folder: Path, data: TokenData, *, max_length: int, batch_size: int, rng: Generator
) -> TaggingObjective:
    """The objective of a tagger whose tokenizer is in `folder`."""
    return TaggingObjective(tagger, WordTokenizer(folder, max_length), data, batch_size, rng)


@torch.inference_mode()
def predict(
    tagger: "PreTrainedModel",
    folder: Path,
    data: TokenData,
    *,
    max_length: int,
    batch_size: int,
    precision: Precision = "auto",
) -> list[list[int | None]]:
    """Label indices of every word, in order; None for a word without representation."""
    tokenizer, sentences = WordTokenizer(folder, max_length), data.tokens
    parts = [
        [words[part] for part in parts] for words, parts in zip(sentences, tokenizer.split(sentences), strict=True)
    ]
    encoded = tokenizer.encode(list(chain.from_iterable(parts)))
    predictions: list[list[int | None]] = [[] for _ in encoded]
    for chosen in batches_by_length([len(part.ids) for part in encoded], batch_size):
        batch = tokenizer.collate([encoded[index] for index in chosen]).to(tagger.device)
        with autocast(tagger.device, precision):
            logits = tagger(input_ids=batch.ids, attention_mask=batch.mask).logits
        best = word_states(logits, batch.first_pieces).argmax(dim=-1).tolist()  # [batch, words]
        for row, index in enumerate(chosen):
            predictions[index] = [
                None if piece == NO_PIECE else best[row][word] for word, piece in enumerate(encoded[index].first_pieces)
            ]
    in_order = iter(predictions)
    return [list(chain.from_iterable(next(in_order) for _ in sentence)) for sentence in parts]


def count_examples(predictions: Sequence[Sequence[int | None]], data: TokenData, metric: Metric) -> list[Counts]:
    """Every sentence's contribution to the metric; a word without representation counts as `UNPREDICTED`."""
    names = data.label_names
    return [
        metric.count(
            [metric.UNPREDICTED if label is None else names[label] for label in predicted],
            [names[label] for label in true],
        )
        for predicted, true in zip(predictions, data.labels, strict=True)
    ]


def scored(data: TokenData) -> int:
    """How many labels are scored."""
    return sum(map(len, data.tokens))
