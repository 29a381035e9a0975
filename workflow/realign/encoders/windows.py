"""A question with each part of a context that is too long for one sequence: windows that overlap."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from tokenizers import Encoding

from realign.encoders.sentence_pairs import PairBatch, PairTokenizer
from realign.encoders.words import pad

OUTSIDE = -1
"""The place of sub-words that are not of the context."""
CONTEXT = 1
"""The number of the context in a pair, after the question."""
AT_ONCE = 1000
"""Number of questions tokenised at once, because the tokenizer's own encodings take much memory."""


class Window(NamedTuple):
    """A question with a part of its context.

    `ids` and `types` are [pieces]; `places` [pieces, 2] has the characters of the context at which each sub-word begins
    and ends, or `OUTSIDE`.
    """

    ids: NDArray[np.int32]
    types: NDArray[np.int8]
    places: NDArray[np.int32]

    @property
    def inside(self) -> NDArray[np.bool_]:
        """Which sub-words are of the context: [pieces]."""
        return self.places[:, 0] != OUTSIDE


class WindowTokenizer(PairTokenizer):
    """The fast tokenizer of a checkpoint directory, for questions and contexts as plain text."""

    def __init__(self, folder: Path, max_length: int, overlap: int, longest_question: int) -> None:
        """Windows have at most `max_length` sub-words, `overlap` of them shared with the window before.

        Questions are cut to `longest_question` sub-words.
        """
        super().__init__(folder, max_length)
        self._max_length, self._overlap, self._longest_question = max_length, overlap, longest_question

    def windows(self, questions: Sequence[str], contexts: Sequence[str]) -> Iterator[list[Window]]:
        """The windows of each question, in the order of the context."""
        for start in range(0, len(questions), AT_ONCE):
            texts = self._cut(questions[start : start + AT_ONCE])
            self._tokenizer.enable_truncation(self._max_length, stride=self._overlap, strategy="only_second")
            pairs = list(zip(texts, contexts[start : start + AT_ONCE], strict=True))
            for encoding in self._tokenizer.encode_batch(pairs):
                yield [_window(one) for one in (encoding, *encoding.overflowing)]

    def _cut(self, questions: Sequence[str]) -> list[str]:
        """The questions without leading spaces, and without what is beyond the longest."""
        self._tokenizer.no_truncation()
        texts = [question.lstrip() for question in questions]
        encodings = self._tokenizer.encode_batch(texts, add_special_tokens=False)
        ends = [encoding.offsets[: self._longest_question][-1:] for encoding in encodings]
        return [text[: end[0][1]] if end else text for text, end in zip(texts, ends, strict=True)]

    def collate_windows(self, windows: Sequence[Window]) -> PairBatch:
        """Pad windows to the longest."""
        ids = pad([window.ids.tolist() for window in windows], self.pad_id)
        mask = pad([[1] * len(window.ids) for window in windows], 0)
        return PairBatch(ids, mask, pad([window.types.tolist() for window in windows], 0) if self._typed else None)


def _window(encoding: Encoding) -> Window:
    places = [
        place if sequence == CONTEXT else (OUTSIDE, OUTSIDE)
        for place, sequence in zip(encoding.offsets, encoding.sequence_ids, strict=True)
    ]
    return Window(np.array(encoding.ids, np.int32), np.array(encoding.type_ids, np.int8), np.array(places, np.int32))
