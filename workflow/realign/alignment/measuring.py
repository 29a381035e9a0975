"""Measure the alignment of an encoder on bitext, on its linked words and on its sentences, layer by layer."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from itertools import islice, takewhile
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

from realign.alignment.pairs import Pairs
from realign.alignment.records import AlignmentScore
from realign.encoders.devices import autocast
from realign.encoders.precision import Precision
from realign.encoders.words import NO_PIECE, WordTokenizer, pad
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


class Chosen(NamedTuple):
    """A sentence pair with those of its links that are measured, and whether it is measured as a whole too."""

    pair: SentencePair
    links: list[Link]
    whole: bool


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
    found = _Found(settings)
    chosen = map(found.choose, takewhile(lambda _: found.incomplete(), linked))
    wanted = (sentences for sentences in chosen if sentences.links or sentences.whole)
    while batch := list(islice(wanted, settings.batch_size)):
        found.add(*_states(encoder, tokenizer, batch, settings.precision))
    words, sentences = found.layers()
    return score_layers(words, settings.measures) + score_layers(sentences, settings.sentence_measures)


class _Found:
    """The vectors of the pairs of words and of sentences that were found so far."""

    def __init__(self, settings: MeasuringSettings) -> None:
        self.most_words = settings.max_word_pairs if settings.measures else 0
        self.most_sentences = settings.max_sentence_pairs if settings.sentence_measures else 0
        self._by_words: list[list[PairedVectors]] = []  # for each batch, by layer
        self._by_sentences: list[list[PairedVectors]] = []
        self._found = self._chosen = 0

    def incomplete(self) -> bool:
        """Whether more sentences are wanted."""
        return self._found < self.most_words or self._chosen < self.most_sentences

    def choose(self, linked: tuple[SentencePair, list[Link]]) -> Chosen:
        """What is measured in a sentence pair; maybe nothing."""
        pair, links = linked
        whole = self._chosen < self.most_sentences
        self._chosen += whole
        return Chosen(pair, usable_links(pair, links) if self._found < self.most_words else [], whole)

    def add(self, words: list[PairedVectors], sentences: list[PairedVectors]) -> None:
        """The vectors of a batch, by layer."""
        self._by_words.append(words)
        self._by_sentences.append(sentences)
        self._found += len(words[0][0])

    def layers(self) -> tuple[Iterable[PairedVectors], Iterable[PairedVectors]]:
        """The vectors of words and of sentences, by layer."""
        if self.most_words and self._found == 0:
            raise InputError(
                "no usable word link in the bitext that is measured; check the aligner, its dictionary and max_length"
            )
        if self.most_sentences and not any(len(part[0][0]) for part in self._by_sentences):
            raise InputError("no sentence pair in the bitext that is measured")
        return _joined(self._by_words, self.most_words), _joined(self._by_sentences, self.most_sentences)


def score_layers(layers: Iterable[PairedVectors], measures: Mapping[str, str]) -> list[AlignmentScore]:
    """Scores of every layer in both directions, from vectors [n, hidden]; `measures` gives each measure's module.

    The pairs that are drawn for fewer than n are the same for every layer and every encoder.
    """
    modules: defaultdict[str, list[str]] = defaultdict(list)
    for name, module in measures.items():
        modules[module].append(name)
    rows = []
    for layer, (source, target) in enumerate(layers if modules else ()):
        n = len(source)
        shuffled = torch.randperm(n, generator=torch.Generator().manual_seed(0)).to(source.device)
        every = Pairs.of(source[shuffled], target[shuffled])
        fewer = {size: every.first(min(n // size, DRAWS), size) for size in SIZES if size < n}
        for module, names in modules.items():
            measure_pairs = import_module(module).scores
            means = {size: measure_pairs(sets, names) for size, sets in fewer.items()}
            for key, score in measure_pairs(every, names).items():
                by_pairs = {size: round(float(found[key].mean()), 6) for size, found in means.items()}
                if n in SIZES:  # all of them, in any order
                    by_pairs[n] = round(float(score), 6)
                rows.append(
                    AlignmentScore(
                        layer=layer, direction=key[0], measure=key[1], score=float(score), n=n, by_pairs=by_pairs
                    )
                )
    return rows


def _joined(parts: Sequence[Sequence[PairedVectors]], most: int) -> Iterator[PairedVectors]:
    """The vectors of each layer over all batches, at most as many as that."""
    for layer in zip(*parts, strict=True):
        source, target = zip(*layer, strict=True)
        yield torch.cat(source)[:most], torch.cat(target)[:most]


@torch.inference_mode()
def _states(
    encoder: "PreTrainedModel", tokenizer: WordTokenizer, batch: Sequence[Chosen], precision: Precision
) -> tuple[list[PairedVectors], list[PairedVectors]]:
    """For each layer the vectors [n, hidden] of the linked words that survive truncation, and of whole sentences."""
    texts = [pair.source for pair, *_ in batch] + [pair.target for pair, *_ in batch]
    padded = tokenizer.collate(tokenizer.encode(texts))
    ids, mask = padded.ids.to(encoder.device), padded.mask.to(encoder.device)
    with autocast(encoder.device, precision):
        layers = encoder(input_ids=ids, attention_mask=mask, output_hidden_states=True).hidden_states
    source, target = (places.to(encoder.device) for places in _paired_pieces(padded.first_pieces, batch))
    words = [(layer[*source].float(), layer[*target].float()) for layer in layers]
    kept, weights = (tensor.to(encoder.device) for tensor in _whole_sentences(tokenizer, texts, batch))
    sentences = []
    for layer in layers if len(kept) else ():
        means = (layer.float() * weights[:, :, None]).sum(dim=1) / weights.sum(dim=1, keepdim=True).clamp(min=1.0)
        sentences.append((means[kept], means[kept + len(batch)]))
    none = [(pair[0][:0], pair[1][:0]) for pair in words]
    return words, sentences or none


def _whole_sentences(
    tokenizer: WordTokenizer, texts: Sequence[Sequence[str]], batch: Sequence[Chosen]
) -> tuple[Tensor, Tensor]:
    """The numbers of the pairs that are measured as a whole, and 1 at every piece of a word: [2 batch, pieces]."""
    if not any(chosen.whole for chosen in batch):
        return torch.zeros(0, dtype=torch.long), torch.zeros(0, 0)
    owners = [encoded.words for encoded in tokenizer.encode_pieces(texts)]
    weights = pad([[int(word != NO_PIECE) for word in words] for words in owners], 0)
    source, target = weights.any(dim=1).view(2, -1)
    chosen = torch.tensor([sentences.whole for sentences in batch])
    return torch.nonzero(chosen & source & target)[:, 0], weights.float()


def _paired_pieces(first_pieces: Tensor, batch: Sequence[Chosen]) -> tuple[Tensor, Tensor]:
    """Sentence and sub-word indices [2, n] of the linked source words, and of the linked target words."""
    places = [(n, i, n + len(batch), j) for n, (_, links, _) in enumerate(batch) for i, j in links]
    source, i, target, j = torch.tensor(places, dtype=torch.long).view(-1, 4).T
    pieces = first_pieces[source, i], first_pieces[target, j]
    kept = (pieces[0] != NO_PIECE) & (pieces[1] != NO_PIECE)
    return torch.stack([source, pieces[0]])[:, kept], torch.stack([target, pieces[1]])[:, kept]
