"""Measure the alignment of an encoder on the word pairs of held-out bitext, layer by layer."""

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np
import torch

from realign.alignment import AlignmentRow, Vectors, score_layers
from realign.devices import Precision, autocast
from realign.encoders.words import NO_PIECE, WordTokenizer, word_states
from realign.errors import InputError
from realign.text.bitext import SentencePair
from realign.text.pharaoh import Link, usable_links

if TYPE_CHECKING:
    from transformers import PreTrainedModel

SidedVectors = tuple[Vectors, Vectors]
"""Vectors [pairs, hidden] of the source and of the target words."""


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
    usable = ((pair, links) for pair, all_links in linked if (links := usable_links(pair, all_links)))
    parts: list[list[SidedVectors]] = []  # by batch, then by layer
    found = 0
    while found < max_pairs and (sentences := list(islice(usable, batch_size))):
        parts.append(_paired_states(encoder, tokenizer, sentences, precision))
        found += len(parts[-1][0][0])
    if found == 0:
        raise InputError("no usable word pair in the held-out bitext; check the aligner, its dictionary and max_length")
    return list(score_layers(_joined(layer, max_pairs) for layer in zip(*parts, strict=True)))


def _joined(batches: Iterable[SidedVectors], max_pairs: int) -> SidedVectors:
    """Source and target vectors of one layer over all batches."""
    source, target = zip(*batches, strict=True)
    return np.concatenate(source)[:max_pairs], np.concatenate(target)[:max_pairs]


@torch.inference_mode()
def _paired_states(
    encoder: "PreTrainedModel",
    tokenizer: WordTokenizer,
    sentences: Sequence[tuple[SentencePair, list[Link]]],
    precision: Precision,
) -> list[SidedVectors]:
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
        vectors.append((words[source[kept], i[kept]].cpu().numpy(), words[target[kept], j[kept]].cpu().numpy()))
    return vectors
