"""Sentences and pairs inside an encoder: both sentences in one sequence, as its tokenizer joins them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from tokenizers import Encoding
from torch import Tensor

from realign.encoders.tokenizer import config_number, load_tokenizer


@dataclass(frozen=True)
class PairBatch:
    """Padded pairs: `ids`, `mask` and `types` (0 for the first sentence, 1 for the second) are [batch, pieces]."""

    ids: Tensor
    mask: Tensor
    types: Tensor | None

    def inputs(self, device: torch.device) -> dict[str, Tensor]:
        """The model's inputs on a device, without types if the model has none."""
        named = {"input_ids": self.ids, "attention_mask": self.mask, "token_type_ids": self.types}
        return {name: tensor.to(device, non_blocking=True) for name, tensor in named.items() if tensor is not None}


class PairTokenizer:
    """The fast tokenizer of a checkpoint directory, for sentences, and pairs of them, as plain text."""

    def __init__(self, folder: Path, max_length: int) -> None:
        """Load `tokenizer.json`; the longer sentence of a pair is cut until both fit `max_length` sub-words.

        Raises `InputError` when the directory has no fast tokenizer.
        """
        self._tokenizer = load_tokenizer(folder)
        self._tokenizer.enable_truncation(max_length, strategy="longest_first")
        self.pad_id = config_number(folder, "pad_token_id")
        self._typed = config_number(folder, "type_vocab_size") > 1

    def encode(self, first: Sequence[str], second: Sequence[str | None]) -> list[Encoding]:
        """Sub-words of each pair, or of the first sentence where the second is None."""
        pairs = zip(first, second, strict=True)
        return self._tokenizer.encode_batch([one if other is None else (one, other) for one, other in pairs])

    def collate(self, encodings: Sequence[Encoding]) -> PairBatch:
        """Pad pairs to the longest."""
        width = max(len(encoding.ids) for encoding in encodings)
        rows = [(encoding.ids, [1] * len(encoding.ids), encoding.type_ids) for encoding in encodings]
        ids, mask, types = (
            torch.tensor([list(values) + [fill] * (width - len(values)) for values in column])
            for column, fill in zip(zip(*rows, strict=True), (self.pad_id, 0, 0), strict=True)
        )
        return PairBatch(ids, mask, types if self._typed else None)
