"""The awesome aligner, on matrices worked out by hand and on the lab's encoder and hand-made links."""

from collections.abc import Iterable
from math import exp
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor

from realign.aligners import awesome
from realign.aligners.awesome import EncodedPair, link_batch, softmax_links, word_links
from realign.aligners.inputs import AlignerInputs
from realign.aligners.judging import judge
from realign.aligners.registry import AwesomeSettings
from realign.encoders.checkpoint import load_encoder, write_pretrained_manifest
from realign.encoders.e5 import E5File
from realign.encoders.lab import build_tokenizer, used_pieces, write_lab_encoder
from realign.encoders.words import NO_PIECE, WordTokenizer
from realign.errors import InputError
from realign.text.bitext import SentencePair, format_pair, read_bitext
from realign.text.pharaoh import Link, read_links
from study import PROJECT

BITEXT = PROJECT / "lab/gold_links/en-es.bitext.txt"
GOLD = PROJECT / "lab/gold_links/en-es.links.txt"
LAYERS = 8
CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory, e5_file: E5File) -> Path:
    """The first layers of the lab's encoder, with the sub-words of the hand-aligned sentences."""
    folder = tmp_path_factory.mktemp("encoder")
    words = [word for pair in read_bitext(BITEXT) for side in pair for word in side]
    write_lab_encoder(e5_file, folder, LAYERS, used_pieces(build_tokenizer(e5_file.pieces, e5_file.scores), words))
    write_pretrained_manifest(folder, "e5", [])
    return folder


def align(bitext: Path, links: Path, encoder: Path, **changes: object) -> None:
    """Align in float32 with the row's own settings, but for these."""
    settings = {**AwesomeSettings().model_dump(), **changes}
    awesome.align(AlignerInputs(bitext, encoder=encoder, precision="float32"), links, settings)


@pytest.fixture(scope="module")
def aligned(tmp_path_factory: pytest.TempPathFactory, encoder: Path) -> Path:
    """The links of the hand-aligned sentences."""
    path = tmp_path_factory.mktemp("links") / "es"
    align(BITEXT, path, encoder)
    return path


def write_bitext(path: Path, pairs: Iterable[SentencePair]) -> Path:
    path.write_text("".join(format_pair(pair) + "\n" for pair in pairs), encoding="utf-8")
    return path


def linked_by_definition(source: Tensor, target: Tensor, threshold: float) -> list[list[bool]]:
    weights = [[exp(sum(a * b for a, b in zip(s, t, strict=True))) for t in target.tolist()] for s in source.tolist()]
    linked = []
    for row in weights:
        linked.append([])
        for j, weight in enumerate(row):
            over_target = weight / sum(row)
            over_source = weight / sum(other[j] for other in weights)
            linked[-1].append(over_target > threshold and over_source > threshold)
    return linked


def test_a_link_needs_the_probability_of_both_directions() -> None:
    source = torch.eye(2)
    target = torch.tensor([[8.0, 4.0], [1.0, 4.0], [1.0, 2.0]]).log()
    # over the target: .8 .1 .1 and .4 .4 .2; over the source: 2/3 1/5 1/3 and 1/3 4/5 2/3
    expected = [[True, False, False], [False, True, False]]
    assert softmax_links(source, target, 0.35).tolist() == linked_by_definition(source, target, 0.35) == expected
    assert softmax_links(source, target, 0.05).all()
    assert not softmax_links(source, target, 0.9).any()


@pytest.mark.parametrize("threshold", [0.001, 0.1, 0.3])
def test_links_of_random_states_are_those_of_the_definition(threshold: float) -> None:
    generator = torch.Generator().manual_seed(1)
    source = torch.randn(7, 5, generator=generator)
    target = torch.randn(9, 5, generator=generator)
    assert softmax_links(source, target, threshold).tolist() == linked_by_definition(source, target, threshold)


def test_sub_words_that_are_left_out_change_nothing() -> None:
    generator = torch.Generator().manual_seed(2)
    source = torch.randn(3, 6, 4, generator=generator)
    target = torch.randn(3, 5, 4, generator=generator)
    source_kept = torch.tensor([[1, 1, 0, 1, 1, 0], [0, 1, 1, 1, 0, 0], [1, 1, 1, 1, 1, 1]]).bool()
    target_kept = torch.tensor([[0, 1, 1, 1, 1], [1, 1, 1, 0, 0], [0, 0, 0, 0, 0]]).bool()
    linked = softmax_links(source, target, 0.2, source_kept=source_kept, target_kept=target_kept)
    for number in (0, 1):
        rows, columns = source_kept[number], target_kept[number]
        alone = softmax_links(source[number, rows], target[number, columns], 0.2)
        assert alone.any() and torch.equal(linked[number][rows][:, columns], alone)
        assert linked[number].sum() == alone.sum(), "nothing that is left out is linked"
    assert not linked[2].any()


def test_words_are_linked_when_any_of_their_sub_words_are() -> None:
    # source pieces: [CLS] w0 w0 w1 [SEP]; target pieces: [CLS] bare w0 w1 w1 w2
    source_words = torch.tensor([[NO_PIECE, 0, 0, 1, NO_PIECE]] * 2)
    target_words = torch.tensor([[NO_PIECE, NO_PIECE, 0, 1, 1, 2]] * 2)
    linked = torch.zeros(2, 5, 6, dtype=torch.bool)
    linked[0, 1, 3] = linked[0, 2, 3] = linked[0, 2, 4] = True  # three times w0-w1
    linked[0, 3, 2] = linked[0, 3, 5] = True  # w1-w0, w1-w2
    assert word_links(linked, source_words, target_words) == [[(0, 1), (1, 0), (1, 2)], []]


def test_special_tokens_and_bare_boundaries_belong_to_no_word(encoder: Path) -> None:
    tokenizer = WordTokenizer(encoder, max_length=32)
    (encoded,) = tokenizer.encode_pieces([["猫", "qqq", "el"]])
    tokens = [tokenizer._tokenizer.id_to_token(number) for number in encoded.ids]
    assert tokens == ["<s>", "▁", "猫", "▁", "q", "q", "q", "▁el", "</s>"]
    assert encoded.words == [NO_PIECE, NO_PIECE, 0, NO_PIECE, 1, 1, 1, 2, NO_PIECE]


def test_fewer_layers_have_the_states_of_those_layers(encoder: Path) -> None:
    whole, part = load_encoder(encoder, CPU).eval(), load_encoder(encoder, CPU, layers=3).eval()
    ids = torch.tensor([WordTokenizer(encoder, 32).encode_pieces([["Which", "drawer"]])[0].ids])
    with torch.inference_mode():
        states = [model(input_ids=ids, output_hidden_states=True).hidden_states for model in (whole, part)]
    assert [len(layers) for layers in states] == [LAYERS + 1, 5], "one more than is used"
    torch.testing.assert_close(states[0][3], states[1][3])


def test_links_of_the_lab_encoder_are_mostly_those_made_by_hand(aligned: Path) -> None:
    counts = judge(BITEXT, aligned, GOLD)
    # measured: precision 0.80, recall 0.93; a random link is right with probability 0.06
    assert counts.precision > 0.7 and counts.recall > 0.85


def test_links_stand_in_the_order_of_the_bitext(
    aligned: Path, encoder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(awesome, "CHUNK", 17)
    align(BITEXT, tmp_path / "links", encoder, batch_size=4)
    assert (tmp_path / "links").read_text() == aligned.read_text()
    lines, pairs = aligned.read_text().splitlines(), list(read_bitext(BITEXT))
    for number in (0, 20, 59):
        align(write_bitext(tmp_path / "one", [pairs[number]]), tmp_path / "links", encoder)
        assert (tmp_path / "links").read_text() == lines[number] + "\n"


def test_words_cut_off_get_no_links(encoder: Path, tmp_path: Path) -> None:
    align(BITEXT, tmp_path / "links", encoder, max_length=7)
    tokenizer = WordTokenizer(encoder, max_length=7)
    for pair, links in zip(read_bitext(BITEXT), read_links(tmp_path / "links"), strict=True):
        source, target = (set(sentence.words) for sentence in tokenizer.encode_pieces(pair))
        assert links and {i for i, _ in links} <= source and {j for _, j in links} <= target


def test_a_layer_that_the_encoder_lacks_is_refused(encoder: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="the encoder has 8 layers; layer 9 cannot be used"):
        align(BITEXT, tmp_path / "links", encoder, layer=9)
    assert not (tmp_path / "links").exists()


def test_a_bitext_that_is_empty_or_malformed_is_reported(encoder: Path, tmp_path: Path) -> None:
    (tmp_path / "bitext").write_text("")
    with pytest.raises(InputError, match="empty; there is nothing to align"):
        align(tmp_path / "bitext", tmp_path / "links", encoder)
    (tmp_path / "bitext").write_text("a ||| b\na b\n")
    with pytest.raises(InputError, match="bitext:2: expected 'source"):
        align(tmp_path / "bitext", tmp_path / "links", encoder)
    assert not (tmp_path / "links").exists()


class UnitStates:
    """An encoder whose states all have the same, large length: then probabilities above a half are mutual maxima."""

    def __init__(self, encoder: Any) -> None:
        self.encoder = encoder
        self.device = encoder.device

    def __call__(self, **inputs: Any) -> SimpleNamespace:
        states = self.encoder(**inputs).hidden_states
        return SimpleNamespace(hidden_states=[1000 * torch.nn.functional.normalize(layer, dim=-1) for layer in states])


def test_mutual_maxima_are_those_of_simalign(encoder: Path) -> None:
    simalign = pytest.importorskip("simalign")
    tokenizer = WordTokenizer(encoder, max_length=512)

    def whole(words: list[str]) -> list[str]:  # simalign counts bare word boundaries in
        pieces = tokenizer.encode_pieces([[word] for word in words])
        return [word for word, piece in zip(words, pieces, strict=True) if piece.words.count(NO_PIECE) == 2]

    pairs = [SentencePair(whole(pair.source), whole(pair.target)) for pair in read_bitext(BITEXT)]
    sides = [tokenizer.encode_pieces([pair[side] for pair in pairs]) for side in (0, 1)]
    encoded = [EncodedPair(*pair) for pair in zip(*sides, strict=True)]
    model: Any = UnitStates(load_encoder(encoder, CPU, layers=5).eval())
    ours = link_batch(model, encoded, tokenizer.pad_id, 5, 0.5, "float32")
    reference = simalign.SentenceAligner(model=str(encoder), token_type="bpe", matching_methods="a", layer=5)
    theirs: list[list[Link]] = [reference.get_word_aligns(*pair)["inter"] for pair in pairs]
    assert all(ours) and ours == theirs
