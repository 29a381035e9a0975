"""Fine-tuning a tagger on top of an encoder, and predicting with it."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import torch
from numpy.random import Generator
from torch import Tensor, nn

from realign.devices import Precision, autocast
from realign.encoders.words import NO_PIECE, WordTokenizer, word_states
from realign.tasks.data import TokenData
from realign.training import endless_batches

if TYPE_CHECKING:
    from transformers import PreTrainedModel

IGNORED = -100
"""Label of words without representation and of padding, which the loss leaves out."""


class TaggingObjective:
    """Computes the cross-entropy of a tagger at the representing sub-word of each word, batch after batch."""

    def __init__(
        self, tagger: "PreTrainedModel", tokenizer: WordTokenizer, data: TokenData, batch_size: int, order: Generator
    ) -> None:
        self.tagger, self.tokenizer = tagger, tokenizer
        self.sentences = tokenizer.encode(data.tokens)
        self.labels = data.labels
        self.batches: Iterator[list[int]] = endless_batches(
            [len(sentence.ids) for sentence in self.sentences], batch_size, order
        )

    def __call__(self, _step: int) -> Tensor:
        """The loss of the next batch, a mean over its words."""
        chosen = next(self.batches)
        batch = self.tokenizer.collate([self.sentences[index] for index in chosen]).to(self.tagger.device)
        labels = torch.full_like(batch.first_pieces, IGNORED)
        for row, index in enumerate(chosen):
            labels[row, : len(self.labels[index])] = torch.tensor(self.labels[index])
        labels[batch.first_pieces == NO_PIECE] = IGNORED
        logits = self.tagger(input_ids=batch.ids, attention_mask=batch.mask).logits  # [batch, pieces, labels]
        words = word_states(logits, batch.first_pieces).float()
        return nn.functional.cross_entropy(words.flatten(0, 1), labels.flatten(), ignore_index=IGNORED)


@torch.inference_mode()
def predict(
    tagger: "PreTrainedModel",
    tokenizer: WordTokenizer,
    sentences: Sequence[Sequence[str]],
    *,
    batch_size: int,
    precision: Precision = "auto",
) -> list[list[int | None]]:
    """Label indices of every word, in order; None for a word that truncation cut off."""
    encoded = tokenizer.encode(sentences)
    order = sorted(range(len(encoded)), key=lambda index: len(encoded[index].ids))
    predictions: list[list[int | None]] = [[] for _ in encoded]
    for start in range(0, len(order), batch_size):
        chosen = order[start : start + batch_size]
        batch = tokenizer.collate([encoded[index] for index in chosen]).to(tagger.device)
        with autocast(tagger.device, precision):
            logits = tagger(input_ids=batch.ids, attention_mask=batch.mask).logits
        best = word_states(logits, batch.first_pieces).argmax(dim=-1).tolist()  # [batch, words]
        for row, index in enumerate(chosen):
            predictions[index] = [
                None if piece == NO_PIECE else best[row][word] for word, piece in enumerate(encoded[index].first_pieces)
            ]
    return predictions
