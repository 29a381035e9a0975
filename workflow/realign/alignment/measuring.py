"""Measure the alignment of an encoder on bitext, on its linked words and on its sentences, layer by layer."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from itertools import islice
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from realign.alignment.pairs import WHOLE, Pairs
from realign.alignment.records import AlignmentScore
from realign.encoders.batches import batches_by_length
from realign.encoders.devices import autocast
from realign.encoders.precision import Precision
from realign.encoders.words import NO_PIECE, OwnedPieces, WordTokenizer, pad, padded
from realign.errors import InputError
from realign.text.bitext import SentencePair
from realign.text.pharaoh import Link, usable_links

if TYPE_CHECKING:
    from transformers import PreTrainedModel

SIZES = tuple(step * 10**power // 10 for power in range(6) for step in (10, 15, 20, 30, 50, 70))[4:]
"""Numbers of pairs over which every language is measured: 5, 7, 10, 15, 20, 30, 50, 70, 100, … 700,000.

Retrieval is harder among more candidates, and other measures are biased by their number too. So each language is
measured over as many of these numbers as it has pairs for, and an analysis compares all languages at the largest number
that they have in common. Measuring one language never looks at another, and a new one makes none be measured again.
"""
DRAWS = 10
"""At most this many disjoint random sets of pairs are averaged for each of `SIZES`."""
PairedVectors = tuple[Tensor, Tensor]
"""Vectors [n, hidden] of words, or of sentences, and of their translations, on the encoder's device."""


@dataclass(frozen=True)
class MeasuringSettings:
    """The module of each measure of words and of sentences by name, how many pairs of both, batch size, precision."""

    measures: Mapping[str, str]
    max_word_pairs: int
    batch_size: int = 32
    precision: Precision = "auto"
    sentence_measures: Mapping[str, str] = field(default_factory=dict)
    max_sentence_pairs: int = 1000


@dataclass(frozen=True)
class Chosen:
    """What is measured in a bitext. A sentence and its translation have the numbers 2i and 2i + 1."""

    pieces: list[OwnedPieces] = field(default_factory=list)
    """The sub-words of each sentence."""
    words: list[tuple[tuple[int, int], tuple[int, int]]] = field(default_factory=list)
    """A linked word and its translation, each as the numbers of its sentence and of the sub-word that represents it."""
    sentences: list[int] = field(default_factory=list)
    """Numbers of the source sentences that are measured as a whole."""


def measure_alignment(
    encoder: "PreTrainedModel",
    tokenizer: WordTokenizer,
    linked: Iterable[tuple[SentencePair, list[Link]]],
    settings: MeasuringSettings,
) -> list[AlignmentScore]:
    """Alignment of every layer of an encoder, in one pass over a linked bitext.

    Words are those of the first `max_word_pairs` usable links. Sentences are the first `max_sentence_pairs`, whatever
    their links. Raises `InputError` when there are none.
    """
    chosen = choose(tokenizer, linked, settings)
    words, sentences = _vectors(encoder, tokenizer.pad_id, chosen, settings)
    return score_layers(words, settings.measures) + score_layers(sentences, settings.sentence_measures)


def choose(
    tokenizer: WordTokenizer, linked: Iterable[tuple[SentencePair, list[Link]]], settings: MeasuringSettings
) -> Chosen:
    """The first linked words that truncation leaves, and the first sentences, as many of each as are wanted."""
    most_words = settings.max_word_pairs if settings.measures else 0
    most_sentences = settings.max_sentence_pairs if settings.sentence_measures else 0
    chosen, unread, read = Chosen(), iter(linked), 0
    while len(chosen.words) < most_words or read < most_sentences:
        batch = list(islice(unread, settings.batch_size))
        if not batch:
            break
        pieces = tokenizer.encode_pieces([words for pair, _ in batch for words in (pair.source, pair.target)])
        for (pair, links), source, target in zip(batch, pieces[::2], pieces[1::2], strict=True):
            _add(chosen, source, target, usable_links(pair, links), most_words, whole=read < most_sentences)
            read += 1
    if most_words and not chosen.words:
        raise InputError(
            "no usable word link in the bitext that is measured; check the aligner, its dictionary and max_length"
        )
    if most_sentences and not chosen.sentences:
        raise InputError("no sentence pair in the bitext that is measured")
    return chosen


def _add(
    chosen: Chosen, source: OwnedPieces, target: OwnedPieces, links: Sequence[Link], most_words: int, *, whole: bool
) -> None:
    """Choose words of a sentence pair, and the pair as a whole, unless a side has no word."""
    number, firsts = len(chosen.pieces), (source.first_pieces(), target.first_pieces())
    words = [
        ((number, firsts[0][i]), (number + 1, firsts[1][j])) for i, j in links if i in firsts[0] and j in firsts[1]
    ]
    words = words[: most_words - len(chosen.words)]
    whole = whole and all(firsts)
    if words or whole:
        chosen.pieces.extend((source, target))
        chosen.words.extend(words)
        chosen.sentences.extend([number] * whole)


def score_layers(layers: Sequence[PairedVectors], measures: Mapping[str, str]) -> list[AlignmentScore]:
    """Scores of every layer in both directions, from vectors [n, hidden]; `measures` gives each measure's module.

    The pairs that are drawn for fewer than n are the same for every layer and every encoder.
    """
    if not layers or not measures:
        return []
    at_once = max(1, WHOLE**2 // len(layers[0][0]) ** 2)
    parts = (range(first, min(first + at_once, len(layers))) for first in range(0, len(layers), at_once))
    return [row for part in parts for row in _score_together(layers, part, measures)]


def _score_together(
    layers: Sequence[PairedVectors], numbers: Sequence[int], measures: Mapping[str, str]
) -> list[AlignmentScore]:
    """Scores of the layers of these numbers, for which each measure is computed at once."""
    modules: defaultdict[str, list[str]] = defaultdict(list)
    for name, module in measures.items():
        modules[module].append(name)
    n = len(layers[0][0])
    shuffled = torch.randperm(n, generator=torch.Generator().manual_seed(0)).to(layers[0][0].device)
    every = Pairs.of(*(torch.stack([layers[number][side][shuffled] for number in numbers]) for side in (0, 1)))
    fewer = {size: every.first(min(n // size, DRAWS), size) for size in SIZES if size < n}
    rows: list[list[AlignmentScore]] = [[] for _ in numbers]
    for module, names in modules.items():
        measure_pairs = import_module(module).scores
        means = {size: measure_pairs(sets, names) for size, sets in fewer.items()}
        for (direction, measure), scores in measure_pairs(every, names).items():
            by_size = {
                size: found[direction, measure].view(len(numbers), -1).mean(dim=1).tolist()
                for size, found in means.items()
            }
            for place, (layer, score) in enumerate(zip(numbers, scores.tolist(), strict=True)):
                by_pairs = {size: round(found[place], 6) for size, found in by_size.items()}
                if n in SIZES:  # all of them, in any order
                    by_pairs[n] = round(score, 6)
                rows[place].append(
                    AlignmentScore(
                        layer=layer, direction=direction, measure=measure, score=score, n=n, by_pairs=by_pairs
                    )
                )
    return [row for of_layer in rows for row in of_layer]


@torch.inference_mode()
def _vectors(
    encoder: "PreTrainedModel", pad_id: int, chosen: Chosen, settings: MeasuringSettings
) -> tuple[list[PairedVectors], list[PairedVectors]]:
    """For each layer, the vectors [n, hidden] of words and of their translations; and those of whole sentences.

    Sentences of similar length go through the encoder together.
    """
    words = _Collected([place for side in zip(*chosen.words, strict=True) for place in side])
    numbers = [number + side for side in (0, 1) for number in chosen.sentences]
    sentences = _Collected([(number, 0) for number in numbers])
    lengths = [len(pieces.ids) for pieces in chosen.pieces]
    for batch in batches_by_length(lengths, 2 * settings.batch_size, "measuring"):
        ids, mask = padded([chosen.pieces[number].ids for number in batch], pad_id)
        with autocast(encoder.device, settings.precision):
            layers = encoder(
                input_ids=ids.to(encoder.device), attention_mask=mask.to(encoder.device), output_hidden_states=True
            ).hidden_states
        words.collect(batch, layers)
        if numbers:
            owners = pad([chosen.pieces[number].words for number in batch], NO_PIECE)
            weights = (owners != NO_PIECE).float().to(encoder.device)[:, :, None]
            scale = weights.sum(dim=1).clamp(min=1.0)
            sentences.collect(batch, [((layer.float() * weights).sum(dim=1) / scale)[:, None] for layer in layers])
    return words.pairs(), sentences.pairs()


class _Collected:
    """Vectors at places in sentences, those of all sources before those of their translations, for each layer."""

    def __init__(self, places: Sequence[tuple[int, int]]) -> None:
        """A place is the number of a sentence and a position in it."""
        self._sentences, self._positions = torch.tensor(places, dtype=torch.long).view(-1, 2).T
        self._layers: list[Tensor] = []  # [places, hidden] each

    def collect(self, sentences: Sequence[int], layers: Sequence[Tensor]) -> None:
        """Take what is wanted of the states [sentences, positions, hidden] of each layer."""
        if not self._layers:
            self._layers = [
                layer.new_empty(len(self._sentences), layer.shape[-1], dtype=torch.float) for layer in layers
            ]
        found = torch.isin(self._sentences, torch.tensor(sentences)).nonzero()[:, 0]
        row_of = {number: row for row, number in enumerate(sentences)}
        rows = torch.tensor([row_of[number] for number in self._sentences[found].tolist()], dtype=torch.long)
        device = layers[0].device
        found, rows, positions = (part.to(device) for part in (found, rows, self._positions[found]))
        for vectors, layer in zip(self._layers, layers, strict=True):
            vectors[found] = layer[rows, positions].float()

    def pairs(self) -> list[PairedVectors]:
        """Sources and translations, for each layer."""
        half = len(self._sentences) // 2
        return [(vectors[:half], vectors[half:]) for vectors in self._layers]
