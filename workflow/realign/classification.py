"""Fine-tuning a classifier of sentence pairs on top of an encoder, and predicting with it."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import torch
from numpy.random import Generator
from torch import Tensor, nn

from realign.devices import Precision, autocast
from realign.encoders.pairs import PairTokenizer
from realign.tasks.pairs import PairData
from realign.training import endless_batches, pass_over

if TYPE_CHECKING:
    from transformers import PreTrainedModel


class PairObjective:
    """Computes the cross-entropy of a classifier at the first token of each pair, batch after batch."""

    def __init__(
        self, classifier: "PreTrainedModel", tokenizer: PairTokenizer, data: PairData, batch_size: int, order: Generator
    ) -> None:
        self.classifier, self.tokenizer = classifier, tokenizer
        self.encodings = tokenizer.encode(data.premises, data.hypotheses)
        self.labels = torch.tensor(data.labels)
        lengths = [len(encoding.ids) for encoding in self.encodings]
        self.batches: Iterator[list[int]] = endless_batches(lengths, batch_size, order)

    def skip(self, steps: int) -> None:
        """Pass over the batches of so many steps."""
        pass_over(self.batches, steps)

    def __call__(self, _step: int) -> Tensor:
        """The loss of the next batch, a mean over its pairs."""
        chosen = next(self.batches)
        batch = self.tokenizer.collate([self.encodings[index] for index in chosen])
        logits = self.classifier(**batch.inputs(self.classifier.device)).logits.float()  # [batch, labels]
        return nn.functional.cross_entropy(logits, self.labels[chosen].to(logits.device))


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
