"""Measure the alignment of an encoder on the linked words of held-out bitext, layer by layer."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from itertools import islice
from statistics import fmean
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from realign.alignment.records import AlignmentScore
from realign.encoders.devices import autocast
from realign.encoders.precision import Precision
from realign.encoders.words import NO_PIECE, WordTokenizer
from realign.errors import InputError
from realign.text.bitext import SentencePair
from realign.text.pharaoh import Link, usable_links

if TYPE_CHECKING:
    from transformers import PreTrainedModel

SIZES = tuple(step * 10**power // 10 for power in range(6) for step in (10, 15, 20, 30, 50, 70))[4:]
"""Numbers of word pairs over which every language is measured: 5, 7, 10, 15, 20, 30, 50, 70, 100, … 700,000.

Retrieval is harder among more candidates, and other measures are biased by their number too. So each language is
measured over as many of these numbers as it has pairs for, and an analysis compares all languages at the largest number
that they have in common. Measuring one language never looks at another, and a new one makes none be measured again.
"""
DRAWS = 10
"""At most this many disjoint random sets of word pairs are averaged for each of `SIZES`."""
PairedVectors = tuple[Tensor, Tensor]
"""Vectors [n, hidden] of words and of their translations, on the encoder's device."""


@dataclass(frozen=True)
class MeasuringSettings:
    """The module of each measure by name, the maximum number of word pairs, batch size and precision."""

    measures: Mapping[str, str]
    max_word_pairs: int
    batch_size: int = 32
    precision: Precision = "auto"


def measure_alignment(
    encoder: "PreTrainedModel",
    tokenizer: WordTokenizer,
    linked: Iterable[tuple[SentencePair, list[Link]]],
    settings: MeasuringSettings,
) -> list[AlignmentScore]:
    """Alignment of every layer on the first `max_word_pairs` usable links of a linked bitext.

    Raises `InputError` when there are none.
    """
    usable = ((pair, links) for pair, all_links in linked if (links := usable_links(pair, all_links)))
    parts: list[list[PairedVectors]] = []  # by batch, then by layer
    found = 0
    while found < settings.max_word_pairs and (sentences := list(islice(usable, settings.batch_size))):
        parts.append(_paired_states(encoder, tokenizer, sentences, settings.precision))
        found += len(parts[-1][0][0])
    if found == 0:
        raise InputError("no usable word link in the held-out bitext; check the aligner, its dictionary and max_length")
    layers = (_joined(layer, settings.max_word_pairs) for layer in zip(*parts, strict=True))
    return score_layers(layers, settings.measures)


def score_layers(layers: Iterable[PairedVectors], measures: Mapping[str, str]) -> list[AlignmentScore]:
    """Scores of every layer in both directions, from vectors [n, hidden]; `measures` gives each measure's module.

    The pairs that are drawn for fewer than n are the same for every layer and every encoder.
    """
    modules: defaultdict[str, list[str]] = defaultdict(list)
    for name, module in measures.items():
        modules[module].append(name)
    rows = []
    for layer, (source, target) in enumerate(layers):
        for module, names in modules.items():
            measure_pairs = import_module(module).scores
            drawn = {
                size: [measure_pairs(source[some], target[some], names) for some in draws.to(source.device)]
                for size, draws in _draws(len(source))
            }
            for key, score in measure_pairs(source, target, names).items():
                by_pairs = {size: round(fmean(found[key] for found in parts), 6) for size, parts in drawn.items()}
                if len(source) in SIZES:  # all of them, in any order
                    by_pairs[len(source)] = round(score, 6)
                rows.append(
                    AlignmentScore(
                        layer=layer, direction=key[0], measure=key[1], score=score, n=len(source), by_pairs=by_pairs
                    )
                )
    return rows


def _draws(n: int) -> Iterator[tuple[int, Tensor]]:
    """Each of `SIZES` below n with disjoint random sets of that many of n pairs: [draws, size]."""
    shuffled = torch.randperm(n, generator=torch.Generator().manual_seed(0))
    for size in SIZES:
        if size < n:
            draws = min(n // size, DRAWS)
            yield size, shuffled[: draws * size].view(draws, size)


def _joined(batches: Iterable[PairedVectors], most: int) -> PairedVectors:
    """Source and target vectors of one layer over all batches."""
    source, target = zip(*batches, strict=True)
    return torch.cat(source)[:most], torch.cat(target)[:most]


@torch.inference_mode()
def _paired_states(
    encoder: "PreTrainedModel",
    tokenizer: WordTokenizer,
    sentences: Sequence[tuple[SentencePair, list[Link]]],
    precision: Precision,
) -> list[PairedVectors]:
    """For each layer the source and target vectors [n, hidden] of the linked words that survive truncation."""
    batch = tokenizer.collate(
        tokenizer.encode([pair.source for pair, _ in sentences] + [pair.target for pair, _ in sentences])
    )
    ids, mask = batch.ids.to(encoder.device), batch.mask.to(encoder.device)
    with autocast(encoder.device, precision):
        states = encoder(input_ids=ids, attention_mask=mask, output_hidden_states=True).hidden_states
    source, target = (places.to(encoder.device) for places in _paired_pieces(batch.first_pieces, sentences))
    return [(layer[*source].float(), layer[*target].float()) for layer in states]


def _paired_pieces(first_pieces: Tensor, sentences: Sequence[tuple[SentencePair, list[Link]]]) -> tuple[Tensor, Tensor]:
    """Sentence and sub-word indices [2, n] of the linked source words, and of the linked target words."""
    places = [(n, i, n + len(sentences), j) for n, (_, links) in enumerate(sentences) for i, j in links]
    source, i, target, j = torch.tensor(places).T
    pieces = first_pieces[source, i], first_pieces[target, j]
    kept = (pieces[0] != NO_PIECE) & (pieces[1] != NO_PIECE)
    return torch.stack([source, pieces[0]])[:, kept], torch.stack([target, pieces[1]])[:, kept]
