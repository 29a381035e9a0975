"""Fine-tuning a classifier of sentence pairs on top of an encoder, and predicting with it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import torch
from numpy.random import Generator
from torch import Tensor, nn

from realign.devices import Precision, autocast, in_micro_batches
from realign.encoders.pairs import PairTokenizer
from realign.tasks.pairs import PairData
from realign.training import endless_batches

if TYPE_CHECKING:
    from transformers import PreTrainedModel


class LabelledPairBatch(NamedTuple):
    """Padded pairs: `ids`, `mask` and `types`, if the model has any, are [batch, pieces]; `labels` is [batch]."""

    ids: Tensor
    mask: Tensor
    types: Tensor | None
    labels: Tensor


class PairObjective:
    """Computes the cross-entropy of a classifier at the first token of each pair, batch after batch."""

    def __init__(
        self, classifier: "PreTrainedModel", tokenizer: PairTokenizer, data: PairData, batch_size: int, order: Generator
    ) -> None:
        self.classifier, self.tokenizer = classifier, tokenizer
        self.encodings = tokenizer.encode(data.premises, data.hypotheses)
        self.labels = torch.tensor(data.labels)
        lengths = [len(encoding.ids) for encoding in self.encodings]
        self.draws = endless_batches(lengths, batch_size, order)

    def prepare(self, chosen: Sequence[int]) -> LabelledPairBatch:
        """The pairs of these indices."""
        batch = self.tokenizer.collate([self.encodings[index] for index in chosen])
        return LabelledPairBatch(batch.ids, batch.mask, batch.types, self.labels[chosen])

    def loss(self, batch: LabelledPairBatch, rows: int | None = None) -> Tensor:
        """The mean over the batch's pairs."""
        logits = in_micro_batches(self._logits, rows, batch.ids, batch.mask, batch.types)
        return nn.functional.cross_entropy(logits, batch.labels)

    def _logits(self, ids: Tensor, mask: Tensor, types: Tensor | None) -> Tensor:
        typed = {} if types is None else {"token_type_ids": types}
        logits: Tensor = self.classifier(input_ids=ids, attention_mask=mask, **typed).logits  # [batch, labels]
        return logits.float()


@torch.inference_mode()
def predict_pairs(
    classifier: "PreTrainedModel",
    tokenizer: PairTokenizer,
    data: PairData,
    *,
    batch_size: int,
    precision: Precision = "auto",
) -> list[int]:
    """The label index of every pair, in order."""
    encodings = tokenizer.encode(data.premises, data.hypotheses)
    order = sorted(range(len(encodings)), key=lambda index: len(encodings[index].ids))
    predictions = [0] * len(encodings)
    for start in range(0, len(order), batch_size):
        chosen = order[start : start + batch_size]
        batch = tokenizer.collate([encodings[index] for index in chosen])
        with autocast(classifier.device, precision):
            logits = classifier(**batch.inputs(classifier.device)).logits
        for index, best in zip(chosen, logits.argmax(dim=-1).tolist(), strict=True):
            predictions[index] = best
    return predictions
