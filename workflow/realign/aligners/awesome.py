"""The awesome aligner: links words whose states in an encoder are similar in both directions (Dou and Neubig 2021).

It extracts links as in "Word Alignment by Fine-tuning Embeddings on Parallel Corpora", but without the fine-tuning. The
dot products of sub-word states in one layer give a distribution over the sub-words of the other sentence. Two sub-words
are linked when each is likely enough given the other; two words are linked when any of their sub-words are.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch import Tensor

from realign.aligners.inputs import AlignerInputs
from realign.encoders.checkpoint import load_encoder
from realign.encoders.devices import autocast, pick_device, use_threads
from realign.encoders.precision import Precision
from realign.encoders.words import NO_PIECE, OwnedPieces, WordTokenizer, pad, padded
from realign.errors import InputError
from realign.jobs.bars import bar
from realign.text.bitext import SentencePair, read_bitext
from realign.text.files import atomic_writer, read_lines
from realign.text.pharaoh import Link, format_links

if TYPE_CHECKING:
    from transformers import PreTrainedModel

CHUNK = 4096
"""Sentence pairs in memory at a time; longer chunks give batches of more similar lengths."""


class EncodedPair(NamedTuple):
    """The sub-words of two sentences that translate each other."""

    source: OwnedPieces
    target: OwnedPieces


def softmax_links(
    source_states: Tensor,
    target_states: Tensor,
    threshold: float,
    *,
    source_kept: Tensor | None = None,
    target_kept: Tensor | None = None,
) -> Tensor:
    """Which sub-words are linked, as a boolean matrix [..., source, target] (Dou and Neubig 2021, section 2.2).

    States are [..., source, hidden] and [..., target, hidden] with the same leading dimensions. A pair is linked when
    the softmax of its dot product over all target sub-words and that over all source sub-words both exceed
    `threshold`. Sub-words outside the boolean masks `source_kept` [..., source] and `target_kept` [..., target] take
    no part in either.
    """
    similarity = source_states @ target_states.mT
    over_target = over_source = similarity
    if target_kept is not None:
        over_target = similarity.masked_fill(~target_kept.unsqueeze(-2), -torch.inf)
    if source_kept is not None:
        over_source = similarity.masked_fill(~source_kept.unsqueeze(-1), -torch.inf)
    # a side without any sub-word left makes the softmax NaN, which exceeds nothing
    return (over_target.softmax(dim=-1) > threshold) & (over_source.softmax(dim=-2) > threshold)


def word_links(linked: Tensor, source_words: Tensor, target_words: Tensor) -> list[list[Link]]:
    """The links between words of each sentence pair, ascending; words are linked when any of their sub-words are.

    `linked` is [batch, source, target]; `source_words` [batch, source] and `target_words` [batch, target] hold the
    index of each sub-word's word. Sub-words that belong to no word must not be linked.
    """
    pair, source, target = linked.nonzero(as_tuple=True)
    rows = torch.stack([pair, source_words[pair, source], target_words[pair, target]], dim=1).unique(dim=0)
    links: list[list[Link]] = [[] for _ in range(len(linked))]
    for number, i, j in rows.tolist():
        links[number].append((i, j))
    return links


def align(inputs: AlignerInputs, links: Path, settings: Mapping[str, Any]) -> None:
    """Stream a bitext and write the links of each line to `links`, from the states of one layer of an encoder.

    `settings` are those of the aligner's row. Layer 1 is the first above the embeddings. Sentences are cut to
    `max_length` sub-words, special tokens included; words that are cut off get no links. Raises `InputError` for an
    empty or malformed bitext, and for an encoder with fewer layers.
    """
    assert inputs.encoder is not None
    use_threads(inputs.threads)
    layer, threshold, batch_size = settings["layer"], settings["threshold"], settings["batch_size"]
    lines = sum(1 for _ in read_lines(inputs.bitext))
    if lines == 0:
        raise InputError(f"{inputs.bitext}: empty; there is nothing to align")
    model = load_encoder(inputs.encoder, pick_device(), layer).eval()
    tokenizer = WordTokenizer(inputs.encoder, settings["max_length"])
    pairs = read_bitext(inputs.bitext)
    with (
        atomic_writer(links) as links_file,
        bar(total=lines, desc="aligning", unit="pair") as progress,
    ):
        while chunk := list(islice(pairs, CHUNK)):
            encoded = _encode(tokenizer, chunk)
            links_of: list[list[Link]] = [[] for _ in chunk]
            for batch in _batches(encoded, batch_size):
                chosen = [encoded[number] for number in batch]
                found = link_batch(model, chosen, tokenizer.pad_id, layer, threshold, inputs.precision)
                for number, of_pair in zip(batch, found, strict=True):
                    links_of[number] = of_pair
                progress.update(len(batch))
            links_file.writelines(format_links(of_pair) + "\n" for of_pair in links_of)


def _encode(tokenizer: WordTokenizer, pairs: Sequence[SentencePair]) -> list[EncodedPair]:
    sources = tokenizer.encode_pieces([pair.source for pair in pairs])
    targets = tokenizer.encode_pieces([pair.target for pair in pairs])
    return [EncodedPair(source, target) for source, target in zip(sources, targets, strict=True)]


def _batches(pairs: Sequence[EncodedPair], batch_size: int) -> Iterator[list[int]]:
    """Indices of pairs of similar length, the longest first, so that a lack of memory shows at once."""
    order = sorted(range(len(pairs)), key=lambda number: -max(len(side.ids) for side in pairs[number]))
    for start in range(0, len(order), batch_size):
        yield order[start : start + batch_size]


@torch.inference_mode()
def link_batch(
    encoder: "PreTrainedModel",
    pairs: Sequence[EncodedPair],
    pad_id: int,
    layer: int,
    threshold: float,
    precision: Precision,
) -> list[list[Link]]:
    """The links between the words of each pair, from the states of one layer of the encoder."""
    source_states, source_words = _states(encoder, [pair.source for pair in pairs], pad_id, layer, precision)
    target_states, target_words = _states(encoder, [pair.target for pair in pairs], pad_id, layer, precision)
    linked = softmax_links(
        source_states,
        target_states,
        threshold,
        source_kept=source_words != NO_PIECE,
        target_kept=target_words != NO_PIECE,
    )
    return word_links(linked, source_words, target_words)


def _states(
    encoder: "PreTrainedModel", sentences: Sequence[OwnedPieces], pad_id: int, layer: int, precision: Precision
) -> tuple[Tensor, Tensor]:
    """States [batch, pieces, hidden] of a layer, in float32, and the word [batch, pieces] of each sub-word."""
    ids, mask = (side.to(encoder.device) for side in padded([sentence.ids for sentence in sentences], pad_id))
    with autocast(encoder.device, precision):
        states = encoder(input_ids=ids, attention_mask=mask, output_hidden_states=True).hidden_states[layer]
    return states.float(), pad([sentence.words for sentence in sentences], NO_PIECE).to(encoder.device)
