"""Realignment: train an encoder to give translated words similar representations (Wu and Dredze 2020)."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
import torch
from numpy.random import Generator
from numpy.typing import NDArray
from torch import Tensor, nn

from realign.encoders.words import NO_PIECE, WordTokenizer, word_states
from realign.errors import InputError
from realign.text.bitext import SentencePair, parse_pair
from realign.text.pharaoh import Link, check_range, parse_links, usable_links
from realign.training import pass_over

if TYPE_CHECKING:
    from transformers import PreTrainedModel

Strength = Literal["weak", "strong"]
LinkedPair = tuple[SentencePair, list[Link]]


def contrastive_loss(
    words: Tensor, pairs: Tensor, is_source: Tensor, temperature: float = 0.1, strength: Strength = "strong"
) -> Tensor:
    """Mean over both directions of all pairs of -log softmax of cos/τ at the translation.

    `words` is [n, hidden], all words of the batch's sentences; `pairs` is [p, 2], indices of source and target words;
    `is_source` is [n]. Strong: the candidates for x are all words but x. Weak: the words of the other side only.
    """
    unit = nn.functional.normalize(words.float(), dim=-1)
    queries = torch.cat([pairs[:, 0], pairs[:, 1]])  # [2p]
    targets = torch.cat([pairs[:, 1], pairs[:, 0]])
    similarity = unit[queries] @ unit.T / temperature  # [2p, n]
    if strength == "strong":
        excluded = nn.functional.one_hot(queries, len(words)).bool()
    else:
        excluded = is_source[queries].unsqueeze(1) == is_source.unsqueeze(0)
    return nn.functional.cross_entropy(similarity.masked_fill(excluded, -torch.inf), targets)


class LinkedBitextFile:
    """Random access to the linked lines of a bitext by byte offset, so that a million lines take megabytes."""

    def __init__(self, bitext: Path, pairs: Path) -> None:
        """Index the lines that have links; raises `InputError` for files of different length or without links."""
        self._bitext, self._pairs = bitext, pairs
        bitext_offsets, pair_offsets = _line_offsets(bitext), _line_offsets(pairs)
        if len(bitext_offsets) != len(pair_offsets):
            raise InputError(f"{pairs}: {len(pair_offsets) - 1} lines, but {bitext} has {len(bitext_offsets) - 1}")
        self._linked = np.flatnonzero(np.diff(pair_offsets) > 1)  # longer than the line end
        if len(self._linked) == 0:
            raise InputError(f"{pairs}: no word pairs at all; check the aligner and its dictionary")
        self._bitext_offsets, self._pair_offsets = bitext_offsets, pair_offsets

    def __len__(self) -> int:
        return len(self._linked)

    def __getitem__(self, index: int) -> LinkedPair:
        """Sentence pair and its usable links."""
        line = int(self._linked[index])
        pair = parse_pair(_read_line(self._bitext, self._bitext_offsets[line]), self._bitext, line + 1)
        links = parse_links(_read_line(self._pairs, self._pair_offsets[line]), self._pairs, line + 1)
        check_range(links, pair, self._pairs, line + 1)
        return pair, usable_links(pair, links)


def linked_files(bitexts: Iterable[str], pairs: Iterable[str]) -> list[LinkedBitextFile]:
    """The bitexts of several languages, each with its pair file."""
    return [LinkedBitextFile(Path(text), Path(links)) for text, links in zip(bitexts, pairs, strict=True)]


def _line_offsets(path: Path) -> NDArray[np.int64]:
    """Start of every line, and the end of the file."""
    try:
        with open(path, "rb") as lines:
            lengths = np.fromiter((len(line) for line in lines), dtype=np.int64)
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    return np.concatenate([[0], np.cumsum(lengths)])


def _read_line(path: Path, offset: int) -> str:
    with open(path, "rb") as lines:
        lines.seek(offset)
        return lines.readline().decode("utf-8").rstrip("\n")


def mixed_batches(files: Sequence[LinkedBitextFile], batch_size: int, order: Generator) -> Iterator[list[LinkedPair]]:
    """Endless batches that take sentence pairs from every language in turn, each file reshuffled when used up."""
    streams = [_endless(file, order.spawn(1)[0]) for file in files]
    turn = 0
    while True:
        yield [next(streams[(turn + place) % len(streams)]) for place in range(batch_size)]
        turn += batch_size


def _endless(file: LinkedBitextFile, order: Generator) -> Iterator[LinkedPair]:
    while True:
        for index in order.permutation(len(file)):
            yield file[int(index)]


class RealignmentObjective:
    """Computes the realignment loss of batches of linked sentence pairs on an encoder."""

    def __init__(
        self,
        encoder: "PreTrainedModel",
        tokenizer: WordTokenizer,
        *,
        layers: Sequence[int] = (-1,),
        temperature: float = 0.1,
        strength: Strength = "strong",
    ) -> None:
        self.encoder, self.tokenizer = encoder, tokenizer
        self.layers, self.temperature, self.strength = layers, temperature, strength

    def __call__(self, batch: Sequence[LinkedPair]) -> Tensor:
        """The loss, averaged over `layers`; 0 when truncation leaves the batch without a pair."""
        sentences = [pair.source for pair, _ in batch] + [pair.target for pair, _ in batch]
        encoded = self.tokenizer.collate(self.tokenizer.encode(sentences)).to(self.encoder.device)
        present = encoded.first_pieces != NO_PIECE  # [2b, words]
        position = torch.cumsum(present.flatten(), 0).view(present.shape) - 1  # index among the present words
        is_source = torch.zeros_like(present)
        is_source[: len(batch)] = True
        pairs = self._pairs(batch, present, position)
        states = self.encoder(
            input_ids=encoded.ids, attention_mask=encoded.mask, output_hidden_states=True
        ).hidden_states
        if len(pairs) == 0:
            return states[-1].sum() * 0.0
        losses = [
            contrastive_loss(
                word_states(states[layer], encoded.first_pieces)[present],
                pairs,
                is_source[present],
                self.temperature,
                self.strength,
            )
            for layer in self.layers
        ]
        return torch.stack(losses).mean()

    @staticmethod
    def _pairs(batch: Sequence[LinkedPair], present: Tensor, position: Tensor) -> Tensor:
        """Indices [p, 2] among the present words of all usable links whose words are both present."""
        rows = [(number, i, number + len(batch), j) for number, (_, links) in enumerate(batch) for i, j in links]
        if not rows:
            return position.new_empty((0, 2))
        source, i, target, j = torch.tensor(rows, device=present.device).T
        kept = present[source, i] & present[target, j]
        return torch.stack([position[source, i][kept], position[target, j][kept]], dim=1)


class SequentialObjective:
    """The realignment loss alone, batch after batch."""

    def __init__(self, realignment: RealignmentObjective, batches: Iterator[list[LinkedPair]]) -> None:
        self.realignment, self.batches = realignment, batches

    def skip(self, steps: int) -> None:
        """Pass over the batches of so many steps."""
        pass_over(self.batches, steps)

    def __call__(self, _step: int) -> Tensor:
        """The loss of the next batch."""
        return self.realignment(next(self.batches))
