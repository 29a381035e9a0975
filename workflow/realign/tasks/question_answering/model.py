"""Extractive question answering on top of an encoder: the first and the last sub-word of the answer.

A context that is too long is read in windows that overlap (Devlin et al. 2019). In training, a window without the
answer points to its first sub-word; the prediction is the best span of all windows.
"""

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
from realign.encoders.windows import Window, WindowTokenizer
from realign.encoders.words import pad
from realign.tasks.kind import Metric
from realign.tasks.metrics.counts import Counts
from realign.tasks.question_answering.data import QuestionData
from realign.training.batches import endless_batches

if TYPE_CHECKING:
    from transformers import PreTrainedModel

NO_ANSWER = 0
"""The sub-word that a window without the answer points to."""
POINTERS = ["start", "end"]
"""What the head predicts for each sub-word."""


def load(folder: Path, device: torch.device, labels: list[str] | None = None) -> "PreTrainedModel":
    """The fine-tuned reader in `folder`, or a new head over its encoder when `labels` are given (there are none)."""
    from transformers import AutoModelForQuestionAnswering

    return load_with_head(AutoModelForQuestionAnswering, folder, device, None if labels is None else POINTERS)


class QuestionBatch(NamedTuple):
    """Padded windows: `ids`, `mask` and `types`, if the model has any, are [windows, pieces].

    `starts` and `ends` [windows] are the first and the last sub-word of the answer.
    """

    ids: Tensor
    mask: Tensor
    types: Tensor | None
    starts: Tensor
    ends: Tensor


class QuestionObjective:
    """Computes the cross-entropy of the answer's first and last sub-word, batch after batch.

    The batch size counts questions; a batch holds all windows of each.
    """

    head = None

    def __init__(
        self, reader: "PreTrainedModel", tokenizer: WindowTokenizer, data: QuestionData, batch_size: int, rng: Generator
    ) -> None:
        self.reader, self.tokenizer = reader, tokenizer
        self.windows = list(tokenizer.windows(data.questions, data.contexts))
        spans = [
            (starts[0], starts[0] + len(texts[0])) for texts, starts in zip(data.answers, data.starts, strict=True)
        ]
        self.targets = [
            [answer_pieces(window, *span) for window in windows]
            for windows, span in zip(self.windows, spans, strict=True)
        ]
        lengths = [max(len(window.ids) for window in windows) for windows in self.windows]
        self.draws = endless_batches(lengths, batch_size, rng)

    def prepare(self, chosen: Sequence[int]) -> QuestionBatch:
        """The questions of these indices."""
        batch = self.tokenizer.collate_windows([window for index in chosen for window in self.windows[index]])
        targets = torch.tensor([target for index in chosen for target in self.targets[index]])  # [windows, 2]
        return QuestionBatch(batch.ids, batch.mask, batch.types, targets[:, 0], targets[:, 1])

    def loss(self, batch: QuestionBatch, at_once: int | None = None) -> Tensor:
        """The mean over the batch's windows and both ends of the answer."""
        logits = in_micro_batches(self._logits, at_once, batch.ids, batch.mask, batch.types)  # [windows, pieces, 2]
        logits = logits.masked_fill(batch.mask.unsqueeze(-1) == 0, float("-inf"))
        losses = [
            nn.functional.cross_entropy(logits[..., end], target)
            for end, target in enumerate((batch.starts, batch.ends))
        ]
        return (losses[0] + losses[1]) / 2

    def _logits(self, ids: Tensor, mask: Tensor, types: Tensor | None) -> Tensor:
        typed = {} if types is None else {"token_type_ids": types}
        output = self.reader(input_ids=ids, attention_mask=mask, **typed)
        return torch.stack([output.start_logits, output.end_logits], dim=-1).float()


def answer_pieces(window: Window, start: int, end: int) -> tuple[int, int]:
    """First and last sub-word of the characters `start` to `end` of the context; `NO_ANSWER` if some are not there."""
    inside = window.inside.nonzero()[0]
    if not len(inside) or window.places[inside[0], 0] > start or window.places[inside[-1], 1] < end:
        return NO_ANSWER, NO_ANSWER
    first = next(piece for piece in inside if window.places[piece, 1] > start)
    last = next(piece for piece in inside[::-1] if window.places[piece, 0] < end)
    return int(first), int(last)


def objective(
    reader: "PreTrainedModel",
    folder: Path,
    data: QuestionData,
    *,
    max_length: int,
    overlap: int,
    longest_question: int,
    batch_size: int,
    rng: Generator,
) -> QuestionObjective:
    """The objective of a reader whose tokenizer is in `folder`."""
    tokenizer = WindowTokenizer(folder, max_length, overlap, longest_question)
    return QuestionObjective(reader, tokenizer, data, batch_size, rng)


@torch.inference_mode()
def predict(
    reader: "PreTrainedModel",
    folder: Path,
    data: QuestionData,
    *,
    max_length: int,
    overlap: int,
    longest_question: int,
    longest_answer: int,
    candidates: int,
    batch_size: int,
    precision: Precision = "auto",
) -> list[str]:
    """The answer to every question, in order: the best span of at most `longest_answer` sub-words, over all windows.

    Spans begin and end at one of the `candidates` most likely sub-words of the context.
    """
    tokenizer = WindowTokenizer(folder, max_length, overlap, longest_question)
    of_question = list(tokenizer.windows(data.questions, data.contexts))
    windows = [(number, window) for number, group in enumerate(of_question) for window in group]
    found: list[tuple[float, str]] = [(float("-inf"), "")] * len(windows)
    for chosen in batches_by_length([len(window.ids) for _, window in windows], batch_size):
        batch = tokenizer.collate_windows([windows[index][1] for index in chosen])
        inside = pad([windows[index][1].inside.tolist() for index in chosen], 0).bool().to(reader.device)
        with autocast(reader.device, precision):
            output = reader(**batch.inputs(reader.device))
        best = best_spans(output.start_logits.float(), output.end_logits.float(), inside, longest_answer, candidates)
        for index, score, first, last in zip(chosen, *(part.tolist() for part in best), strict=True):
            number, window = windows[index]
            text = data.contexts[number][window.places[first, 0] : window.places[last, 1]]
            found[index] = (score, text.strip())
    answers = iter(found)
    return [max([next(answers) for _ in group], key=lambda scored: scored[0])[1] for group in of_question]


def best_spans(
    starts: Tensor, ends: Tensor, inside: Tensor, longest: int, candidates: int
) -> tuple[Tensor, Tensor, Tensor]:
    """The score, first and last sub-word [windows] of each window's best span, from logits [windows, pieces].

    A span lies inside the context, has at most `longest` sub-words, and begins and ends at one of the `candidates` most
    likely ones. The score is -inf for a window without any.
    """
    pieces = starts.shape[1]
    likely = []
    for logits in (starts, ends):
        logits = logits.masked_fill(~inside, float("-inf"))
        least = logits.topk(min(candidates, pieces), dim=1).values[:, -1:]
        likely.append(logits.masked_fill(logits < least, float("-inf")))
    spans = likely[0].unsqueeze(2) + likely[1].unsqueeze(1)  # [windows, first, last]
    allowed = torch.ones(pieces, pieces, dtype=torch.bool, device=starts.device).triu().tril(longest - 1)
    scores, where = spans.masked_fill(~allowed, float("-inf")).flatten(1).max(dim=1)
    return scores, where // pieces, where % pieces


def count_examples(predictions: Sequence[str], data: QuestionData, metric: Metric) -> list[Counts]:
    """Every question's contribution to the metric."""
    return [metric.count([found], answers) for found, answers in zip(predictions, data.answers, strict=True)]


def scored(data: QuestionData) -> int:
    """How many questions are scored."""
    return len(data)
