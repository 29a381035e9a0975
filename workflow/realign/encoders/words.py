"""Words inside an encoder: tokenise sentences given as words, and find the sub-word that represents each.

The representation of a word is the hidden state at its first sub-word. SentencePiece vocabularies can emit a bare
word-boundary piece first; then the piece after it represents the word. Words that are cut off by truncation, and words
that consist only of the boundary, have no representation.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import torch
from tokenizers import Encoding, Tokenizer
from torch import Tensor

from realign.encoders.tokenizer import config_number, load_tokenizer

NO_PIECE = -1
"""Marks a word without representation, and pads shorter sentences."""

_BARE_BOUNDARIES = frozenset({"▁", "Ġ"})


class EncodedSentence(NamedTuple):
    """Sub-word ids with special tokens, and for each word the index of the sub-word that represents it."""

    ids: list[int]
    first_pieces: list[int]


class OwnedPieces(NamedTuple):
    """Sub-word ids with special tokens, and for each sub-word the index of the word it belongs to, or `NO_PIECE`."""

    ids: list[int]
    words: list[int]

    def first_pieces(self) -> dict[int, int]:
        """For each word that has a representation, the index of the sub-word that represents it."""
        owners = reversed(list(enumerate(self.words)))
        return {word: position for position, word in owners if word != NO_PIECE}


@dataclass(frozen=True)
class WordBatch:
    """Padded sentences: `ids` and `mask` are [batch, pieces], `first_pieces` is [batch, words], `NO_PIECE`-padded."""

    ids: Tensor
    mask: Tensor
    first_pieces: Tensor

    def to(self, device: torch.device) -> "WordBatch":
        """The batch on a device."""
        ids, mask, first_pieces = (
            tensor.to(device, non_blocking=True) for tensor in (self.ids, self.mask, self.first_pieces)
        )
        return WordBatch(ids, mask, first_pieces)


def _first_pieces(encoding: Encoding, words: int) -> list[int]:
    firsts = OwnedPieces(encoding.ids, _owners(encoding)).first_pieces()
    return [firsts.get(word, NO_PIECE) for word in range(words)]


def _owners(encoding: Encoding) -> list[int]:
    pieces = zip(encoding.tokens, encoding.word_ids, strict=True)
    return [NO_PIECE if word is None or token in _BARE_BOUNDARIES else word for token, word in pieces]


def _fitting_parts(encoding: Encoding, words: int) -> list[slice]:
    if not encoding.overflowing:
        return [slice(0, words)]
    pieces = Counter(word for window in (encoding, *encoding.overflowing) for word in window.word_ids)
    room = len(encoding.ids) - sum(encoding.special_tokens_mask)
    starts, used = [0], 0
    for word in range(words):
        if used and used + pieces[word] > room:
            starts.append(word)
            used = 0
        used += pieces[word]
    return [slice(start, end) for start, end in zip(starts, [*starts[1:], words], strict=True)]


def _spaced(words: Sequence[str]) -> list[str]:
    """The words with the spaces between them, each at the start of the following word."""
    return [*words[:1], *(f" {word}" for word in words[1:])]


def _needs_spaces(tokenizer: Tokenizer) -> bool:
    """Whether words given one by one need the spaces between them to get the same sub-words as in running text.

    They do if only a space marks the beginning of a word, as in byte-level vocabularies made for text.
    """
    words = ["the", "house", "is", "old"]
    text = tokenizer.encode(" ".join(words)).ids
    one_by_one, spaced = (tokenizer.encode(form, is_pretokenized=True).ids for form in (words, _spaced(words)))
    return one_by_one != text and spaced == text


class WordTokenizer:
    """The fast tokenizer of a checkpoint directory, for sentences that are already split into words."""

    def __init__(self, folder: Path, max_length: int) -> None:
        """Load `tokenizer.json`; sentences are cut to `max_length` sub-words, special tokens included.

        Raises `InputError` when the directory has no fast tokenizer.
        """
        self._tokenizer = load_tokenizer(folder)
        self._tokenizer.enable_truncation(max_length)
        self._spaced = _needs_spaces(self._tokenizer)
        self.pad_id = config_number(folder, "pad_token_id")

    def _encodings(self, sentences: Sequence[Sequence[str]]) -> list[Encoding]:
        lists = [_spaced(words) if self._spaced else list(words) for words in sentences]
        return self._tokenizer.encode_batch(lists, is_pretokenized=True)

    def encode(self, sentences: Sequence[Sequence[str]]) -> list[EncodedSentence]:
        """Sub-words of each sentence and the representing piece of each of its words."""
        encodings = self._encodings(sentences)
        return [
            EncodedSentence(encoding.ids, _first_pieces(encoding, len(words)))
            for encoding, words in zip(encodings, sentences, strict=True)
        ]

    def encode_pieces(self, sentences: Sequence[Sequence[str]]) -> list[OwnedPieces]:
        """All sub-words of each sentence and the word of each; special tokens and bare word boundaries have none."""
        encodings = self._encodings(sentences)
        return [OwnedPieces(encoding.ids, _owners(encoding)) for encoding in encodings]

    def split(self, sentences: Sequence[Sequence[str]]) -> list[list[slice]]:
        """Parts of each sentence, as slices of its words, that each fit into `max_length` sub-words.

        Sentences are cut at word boundaries into parts that are as long as possible; a sentence that fits is one part.
        A word that is too long for any part gets its own, which `encode` cuts.
        """
        encodings = self._encodings(sentences)
        return [_fitting_parts(encoding, len(words)) for encoding, words in zip(encodings, sentences, strict=True)]

    def collate(self, sentences: Sequence[EncodedSentence]) -> WordBatch:
        """Pad sentences to the longest."""
        ids, mask = padded([sentence.ids for sentence in sentences], self.pad_id)
        return WordBatch(ids, mask, pad([sentence.first_pieces for sentence in sentences], NO_PIECE))


def pad(rows: list[list[int]], value: int) -> Tensor:
    """Rows [rows, longest], the shorter ones padded with `value`."""
    width = max(map(len, rows))
    return torch.tensor([row + [value] * (width - len(row)) for row in rows])


def padded(ids: Sequence[list[int]], pad_id: int) -> tuple[Tensor, Tensor]:
    """Sentences as ids and mask, both [sentences, longest]."""
    return pad(list(ids), pad_id), pad([[1] * len(row) for row in ids], 0)


def word_states(states: Tensor, first_pieces: Tensor) -> Tensor:
    """States [batch, words, hidden] of the words in [batch, pieces, hidden]; rows of `NO_PIECE` are meaningless."""
    index = first_pieces.clamp(min=0).unsqueeze(-1).expand(-1, -1, states.shape[-1])
    return states.gather(1, index)
