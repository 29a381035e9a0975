"""A classifier of sentences, or of pairs, on top of an encoder: its loss, its predictions and their scores."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import torch
from numpy.random import Generator
from torch import Tensor, nn

from realign.encoders.batches import batches_by_length
from realign.encoders.checkpoint import load_with_head
from realign.encoders.devices import autocast, in_micro_batches
from realign.encoders.precision import Precision
from realign.encoders.sentence_pairs import PairTokenizer
from realign.tasks.classification.data import TextData
from realign.tasks.kind import Metric
from realign.tasks.metrics.counts import Counts
from realign.training.batches import endless_batches

if TYPE_CHECKING:
    from transformers import PreTrainedModel


def load(folder: Path, device: torch.device, labels: list[str] | None = None) -> "PreTrainedModel":
    """The fine-tuned classifier in `folder`, or a new head over its encoder when `labels` are given."""
    from transformers import AutoModelForSequenceClassification

    return load_with_head(AutoModelForSequenceClassification, folder, device, labels)


class LabelledBatch(NamedTuple):
    """Padded examples: `ids`, `mask` and `types`, if the model has any, are [batch, pieces]; `labels` is [batch]."""

    ids: Tensor
    mask: Tensor
    types: Tensor | None
    labels: Tensor


class ClassificationObjective:
    """Computes the cross-entropy of a classifier at the first token of each example, batch after batch."""

    head = None

    def __init__(
        self, classifier: "PreTrainedModel", tokenizer: PairTokenizer, data: TextData, batch_size: int, rng: Generator
    ) -> None:
        self.classifier, self.tokenizer = classifier, tokenizer
        self.encodings = tokenizer.encode(data.first, data.second)
        self.labels = torch.tensor(data.labels)
        lengths = [len(encoding.ids) for encoding in self.encodings]
        self.draws = endless_batches(lengths, batch_size, rng)

    def prepare(self, chosen: Sequence[int]) -> LabelledBatch:
        """The examples of these indices."""
        batch = self.tokenizer.collate([self.encodings[index] for index in chosen])
        return LabelledBatch(batch.ids, batch.mask, batch.types, self.labels[chosen])

    def loss(self, batch: LabelledBatch, at_once: int | None = None) -> Tensor:
        """The mean over the batch's examples."""
        logits = in_micro_batches(self._logits, at_once, batch.ids, batch.mask, batch.types)
        return nn.functional.cross_entropy(logits, batch.labels)

    def _logits(self, ids: Tensor, mask: Tensor, types: Tensor | None) -> Tensor:
        typed = {} if types is None else {"token_type_ids": types}
        logits: Tensor = self.classifier(input_ids=ids, attention_mask=mask, **typed).logits  # [batch, labels]
        return logits.float()


def objective(
    classifier: "PreTrainedModel", folder: Path, data: TextData, *, max_length: int, batch_size: int, rng: Generator
) -> ClassificationObjective:
    """The objective of a classifier whose tokenizer is in `folder`."""
    return ClassificationObjective(classifier, PairTokenizer(folder, max_length), data, batch_size, rng)


@torch.inference_mode()
def predict(
    classifier: "PreTrainedModel",
    folder: Path,
    data: TextData,
    *,
    max_length: int,
    batch_size: int,
    precision: Precision = "auto",
) -> list[int]:
    """The label index of every example, in order."""
    tokenizer = PairTokenizer(folder, max_length)
    encodings = tokenizer.encode(data.first, data.second)
    predictions = [0] * len(encodings)
    for chosen in batches_by_length([len(encoding.ids) for encoding in encodings], batch_size):
        batch = tokenizer.collate([encodings[index] for index in chosen])
        with autocast(classifier.device, precision):
            logits = classifier(**batch.inputs(classifier.device)).logits
        for index, best in zip(chosen, logits.argmax(dim=-1).tolist(), strict=True):
            predictions[index] = best
    return predictions


def count_examples(predictions: Sequence[int], data: TextData, metric: Metric) -> list[Counts]:
    """Every example's contribution to the metric."""
    names = data.label_names
    return [
        metric.count([names[predicted]], [names[true]])
        for predicted, true in zip(predictions, data.labels, strict=True)
    ]


def scored(data: TextData) -> int:
    """How many labels are scored."""
    return len(data)
