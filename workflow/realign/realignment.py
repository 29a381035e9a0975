"""Realignment: train an encoder to give translated words similar representations (Wu and Dredze 2020)."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
import torch
from numpy.random import Generator
from numpy.typing import NDArray
from torch import Tensor, nn

from realign.devices import in_micro_batches
from realign.encoders.words import NO_PIECE, WordTokenizer
from realign.errors import InputError
from realign.limits import check_layers
from realign.text.bitext import SentencePair, parse_pair
from realign.text.pharaoh import Link, check_range, parse_links, usable_links

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
    queries = torch.cat([pairs[:, 0], pairs[:, 1]])  # [2p]
    targets = torch.cat([pairs[:, 1], pairs[:, 0]])
    with torch.autocast(words.device.type, enabled=False):  # similarities near 1 need float32
        unit = nn.functional.normalize(words.float(), dim=-1)
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
        self._bitext, self.pairs = bitext, pairs
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
        links = parse_links(_read_line(self.pairs, self._pair_offsets[line]), self.pairs, line + 1)
        check_range(links, pair, self.pairs, line + 1)
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
    """Line after line; raises `InputError` when a whole pass had no usable link, and so nothing to train on."""
    while True:
        usable = 0
        for index in order.permutation(len(file)):
            pair, links = file[int(index)]
            usable += len(links)
            yield pair, links
        if usable == 0:
            raise InputError(
                f"{file.pairs}: no usable word pair; they are one-to-one, of different words; check the aligner"
            )


class RealignmentBatch(NamedTuple):
    """Padded sentences, sources first, and the words among them that have a representation.

    `ids` and `mask` are [2 batch, pieces]; `words` is [n], the place of each word's piece in the flattened `ids`;
    `pairs` is [p, 2], indices of source and target words among the n; `is_source` is [n].
    """

    ids: Tensor
    mask: Tensor
    words: Tensor
    pairs: Tensor
    is_source: Tensor


class RealignmentObjective:
    """Computes the realignment loss of an encoder, batch after batch of linked sentence pairs."""

    def __init__(
        self,
        encoder: "PreTrainedModel",
        tokenizer: WordTokenizer,
        draws: Iterator[list[LinkedPair]],
        *,
        layers: Sequence[int] = (-1,),
        temperature: float = 0.1,
        strength: Strength = "strong",
    ) -> None:
        """Raises `InputError` for a layer that the encoder does not have."""
        check_layers(encoder, layers)
        self.encoder, self.tokenizer, self.draws = encoder, tokenizer, draws
        self.layers, self.temperature, self.strength = layers, temperature, strength

    def prepare(self, linked: Sequence[LinkedPair]) -> RealignmentBatch:
        """The sentences of these pairs, and those of their usable links whose words are both represented."""
        sentences = [pair.source for pair, _ in linked] + [pair.target for pair, _ in linked]
        batch = self.tokenizer.collate(self.tokenizer.encode(sentences))
        present = batch.first_pieces != NO_PIECE  # [2b, words]
        rows = torch.arange(len(sentences)).unsqueeze(1)
        return RealignmentBatch(
            batch.ids,
            batch.mask,
            (rows * batch.ids.shape[1] + batch.first_pieces)[present],
            _pairs(linked, present),
            (rows < len(linked)).expand_as(present)[present],
        )

    def loss(self, batch: RealignmentBatch, rows: int | None = None) -> Tensor:
        """The loss, averaged over `layers`; 0 when truncation leaves the batch without a pair."""
        states = in_micro_batches(self._states, rows, batch.ids, batch.mask)  # [2b, pieces, layers, hidden]
        if len(batch.pairs) == 0:
            return states.sum() * 0.0
        words = states.flatten(0, 1).index_select(0, batch.words)  # [n, layers, hidden]
        losses = [
            contrastive_loss(layer, batch.pairs, batch.is_source, self.temperature, self.strength)
            for layer in words.unbind(1)
        ]
        return torch.stack(losses).mean()

    def _states(self, ids: Tensor, mask: Tensor) -> Tensor:
        states = self.encoder(input_ids=ids, attention_mask=mask, output_hidden_states=True).hidden_states
        return torch.stack([states[layer] for layer in self.layers], dim=2)


def _pairs(linked: Sequence[LinkedPair], present: Tensor) -> Tensor:
    """Indices [p, 2] among the present words, which are marked in [2 batch, words], of links between such."""
    position = torch.cumsum(present.flatten(), 0).view(present.shape) - 1  # index among the present words
    rows = [(number, i, number + len(linked), j) for number, (_, links) in enumerate(linked) for i, j in links]
    if not rows:
        return position.new_empty((0, 2))
    source, i, target, j = torch.tensor(rows).T
    kept = present[source, i] & present[target, j]
    return torch.stack([position[source, i][kept], position[target, j][kept]], dim=1)
