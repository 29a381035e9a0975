"""Measure the alignment of an encoder on the word pairs of held-out bitext, layer by layer."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray

from realign.alignment import AlignmentRow, score_layers
from realign.devices import Precision, autocast
from realign.encoders.words import NO_PIECE, WordTokenizer, word_states
from realign.errors import InputError
from realign.text.bitext import SentencePair
from realign.text.pharaoh import Link, usable_links

if TYPE_CHECKING:
    from transformers import PreTrainedModel


def measure_alignment(
    encoder: "PreTrainedModel",
    tokenizer: WordTokenizer,
    linked: Iterable[tuple[SentencePair, list[Link]]],
    *,
    max_pairs: int,
    batch_size: int = 32,
    precision: Precision = "auto",
) -> list[AlignmentRow]:
    """Alignment scores of every layer on the first `max_pairs` usable word pairs of a linked bitext.

    Raises `InputError` when it has none.
    """
    sentences = _with_pairs(linked, max_pairs)
    if not sentences:
        raise InputError("no usable word pair in the held-out bitext; check the aligner and its dictionary")
    parts = [
        _paired_states(encoder, tokenizer, sentences[start : start + batch_size], precision)
        for start in range(0, len(sentences), batch_size)
    ]
    layers = [
        (
            np.concatenate([part[layer][0] for part in parts])[:max_pairs],
            np.concatenate([part[layer][1] for part in parts])[:max_pairs],
        )
        for layer in range(len(parts[0]))
    ]
    if len(layers[0][0]) == 0:
        raise InputError("every word pair of the held-out bitext was cut off by max_length")
    return list(score_layers(layers))


def _with_pairs(
    linked: Iterable[tuple[SentencePair, list[Link]]], max_pairs: int
) -> list[tuple[SentencePair, list[Link]]]:
    """The first sentence pairs that have usable links, until these number at least `max_pairs`."""
    chosen = []
    found = 0
    for pair, links in linked:
        usable = usable_links(pair, links)
        if usable:
            chosen.append((pair, usable))
            found += len(usable)
        if found >= max_pairs:
            break
    return chosen


@torch.inference_mode()
def _paired_states(
    encoder: "PreTrainedModel",
    tokenizer: WordTokenizer,
    sentences: Sequence[tuple[SentencePair, list[Link]]],
    precision: Precision,
) -> list[tuple[NDArray[np.float32], NDArray[np.float32]]]:
    """For each layer the source and target vectors [pairs, hidden] of the pairs that truncation left whole."""
    batch = tokenizer.collate(
        tokenizer.encode([pair.source for pair, _ in sentences] + [pair.target for pair, _ in sentences])
    ).to(encoder.device)
    with autocast(encoder.device, precision):
        states = encoder(input_ids=batch.ids, attention_mask=batch.mask, output_hidden_states=True).hidden_states
    rows = [(n, i, n + len(sentences), j) for n, (_, links) in enumerate(sentences) for i, j in links]
    source, i, target, j = torch.tensor(rows, device=encoder.device).T
    kept = (batch.first_pieces[source, i] != NO_PIECE) & (batch.first_pieces[target, j] != NO_PIECE)
    vectors = []
    for layer in states:
        words = word_states(layer, batch.first_pieces).float()
        vectors.append(
            (words[source[kept], i[kept]].cpu().numpy(), words[target[kept], j[kept]].cpu().numpy())
        )
    return vectors


