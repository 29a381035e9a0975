"""Measure the alignment of an encoder on the word pairs of held-out bitext, layer by layer."""

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from realign.alignment import AlignmentRow, score_layers
from realign.devices import Precision, autocast
from realign.encoders.words import NO_PIECE, WordTokenizer
from realign.errors import InputError
from realign.text.bitext import SentencePair
from realign.text.pharaoh import Link, usable_links

if TYPE_CHECKING:
    from transformers import PreTrainedModel

SidedVectors = tuple[Tensor, Tensor]
"""Vectors [pairs, hidden] of the source and of the target words, on the encoder's device."""


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
    return torch.cat(source)[:max_pairs], torch.cat(target)[:max_pairs]


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
    )
    ids, mask = batch.ids.to(encoder.device), batch.mask.to(encoder.device)
    with autocast(encoder.device, precision):
        states = encoder(input_ids=ids, attention_mask=mask, output_hidden_states=True).hidden_states
    source, target = (places.to(encoder.device) for places in _paired_pieces(batch.first_pieces, sentences))
    return [(layer[*source].float(), layer[*target].float()) for layer in states]


def _paired_pieces(first_pieces: Tensor, sentences: Sequence[tuple[SentencePair, list[Link]]]) -> tuple[Tensor, Tensor]:
    """Sentence and sub-word [2, pairs] of the linked source words, and those of the target words."""
    rows = [(n, i, n + len(sentences), j) for n, (_, links) in enumerate(sentences) for i, j in links]
    source, i, target, j = torch.tensor(rows).T
    pieces = first_pieces[source, i], first_pieces[target, j]
    kept = (pieces[0] != NO_PIECE) & (pieces[1] != NO_PIECE)
    return torch.stack([source, pieces[0]])[:, kept], torch.stack([target, pieces[1]])[:, kept]
