"""The measures beside retrieval: by hand, against other implementations, and over several numbers of pairs at once."""

from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from ckatorch.core import cka_base
from scipy import stats
from sklearn.metrics.pairwise import cosine_similarity

from realign.alignment import pairs as pairs_module
from realign.alignment.measuring import MeasuringSettings, measure_alignment, score_layers
from realign.alignment.pairs import Pairs
from realign.alignment.records import Direction
from realign.alignment.registry import MEASURES
from realign.config.reading import read_config
from realign.encoders.checkpoint import load_encoder
from realign.encoders.devices import pick_device
from realign.encoders.words import WordTokenizer
from realign.errors import InputError
from realign.experiment.experiment import Experiment
from realign.text.bitext import SentencePair
from study import PROJECT, STUDY, merged

MODULES = {row.name: row.module for row in MEASURES}
WORDS, SENTENCES = ({row.name: row.module for row in MEASURES if row.unit == unit} for unit in ("word", "sentence"))
# cosines of x0 are 0.6 (y0) and 0.8 (y1), of x1 0 and 1: y1 is near to everything
X = np.array([[0.8, 0.6], [1.0, 0.0]], dtype=np.float32)
Y = np.array([[0.0, 1.0], [1.0, 0.0]], dtype=np.float32)


def score(measure: str, x: np.ndarray, y: np.ndarray, direction: Direction = "forward") -> float:
    return float(import_module(MODULES[measure]).scores(Pairs.of(x, y), [measure])[direction, measure])


def noisy(n: int, noise: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(5)
    x = rng.normal(size=(n, 16)).astype(np.float32)
    return x, (x + noise * rng.normal(size=x.shape)).astype(np.float32)


def test_csls_and_margin_find_a_word_despite_a_hub() -> None:
    assert score("weak", X, Y) == 0.5, "y1 hides y0 from x0"
    # over both neighbours, r is .7 and .5 for x, .3 and .9 for y
    # CSLS of x0: 1.2 - 1 = .2 with y0, 1.6 - 1.6 = 0 with y1. Of x1: -.8 and .6
    assert score("csls", X, Y) == score("csls", Y, X) == 1.0
    # margin of x0: 1.2 / 1 with y0, 1.6 / 1.6 with y1. Of x1: 0 and 2 / 1.4
    assert score("margin", X, Y) == score("margin", Y, X) == 1.0


def test_csls_equals_another_implementation() -> None:
    x, y = noisy(1500)
    # kiez 0.5.0, Kiez(10, "SklearnNN", {"metric": "cosine"}, "CSLS"), which needs an older numpy than this project's
    assert score("csls", x, y) == pytest.approx(712 / 1500)
    assert score("csls", x, y, "backward") == pytest.approx(706 / 1500)


def test_margin_equals_its_definition() -> None:
    x, y = noisy(300)
    cosines = cosine_similarity(x, y)
    near_x, near_y = (np.sort(side, axis=1)[:, -4:].mean(axis=1) for side in (cosines, cosines.T))
    margin = cosines / ((near_x[:, None] + near_y[None]) / 2)
    assert score("margin", x, y) == pytest.approx((margin.argmax(axis=1) == np.arange(300)).mean())
    assert score("margin", x, y, "backward") == pytest.approx((margin.argmax(axis=0) == np.arange(300)).mean())
    assert score("margin", x, y) > score("weak", x, y)


def test_cka_compares_the_similarities_within_each_side() -> None:
    x, y = np.array([[1], [2], [3]], np.float32), np.array([[1], [3], [2]], np.float32)
    # centred: (-1, 0, 1) and (-1, 1, 0), inner product 1, squared lengths 2; with one dimension, CKA is 1² / (2 · 2)
    assert score("cka", x, y) == score("cka", x, y, "backward") == pytest.approx(1 / 4)
    x, _ = noisy(40)
    turned = x @ np.linalg.qr(np.random.default_rng(1).normal(size=(16, 16)))[0].astype(np.float32)
    assert score("cka", x, 3 * turned + 1) == pytest.approx(1, abs=1e-5)
    assert score("cka", x, np.ones_like(x)) == 0


def test_cka_equals_another_implementation_far_from_the_origin() -> None:
    x, y = (side + 20 for side in noisy(150))  # encoders' states have such a mean
    assert score("cka", x, y) == pytest.approx(float(cka_base(torch.from_numpy(x), torch.from_numpy(y))), abs=1e-4)


def test_neuron_wise_correlation_is_the_mean_over_dimensions() -> None:
    x, y = np.array([[1, 0], [2, 0], [3, 3]], np.float32), np.array([[1, 0], [3, 0], [2, -1]], np.float32)
    assert score("anc", x, y) == score("anc", x, y, "backward") == pytest.approx((0.5 - 1) / 2)
    x, y = noisy(50)
    assert score("anc", x, y) == pytest.approx(stats.pearsonr(x, y, axis=0).statistic.mean(), abs=1e-6)
    others = [dimension for dimension in range(16) if dimension != 3]
    x[:, 3] = 7
    assert score("anc", x, y) == pytest.approx(
        stats.pearsonr(x[:, others], y[:, others], axis=0).statistic.sum() / 16, abs=1e-6
    )


def test_contrast_is_what_translations_have_beyond_all_words() -> None:
    # translations have the cosines .6 and 1, other words .8 and 0
    assert score("contrast", X, Y) == score("contrast", Y, X) == pytest.approx(0.8 - 0.4)
    x, y = noisy(60)
    cosines = cosine_similarity(x, y)
    assert score("contrast", x, y) == pytest.approx(np.diag(cosines).mean() - cosines[~np.eye(60, dtype=bool)].mean())
    assert score("contrast", X[:1], Y[:1]) == 0


def test_mexa_counts_sentences_that_are_nearest_both_ways() -> None:
    # x0 is nearer to y1 than to y0; x1 and y1 are nearest to each other
    assert score("mexa", X, Y) == score("mexa", Y, X) == 0.5
    assert score("mexa", X[[0, 0]], X[[0, 0]]) == 0, "a tie"
    x, y = noisy(300, 2.0)
    cosines = cosine_similarity(x, y)
    own, others = np.diag(cosines), np.where(np.eye(300, dtype=bool), -2, cosines)
    nearest = (own > others.max(axis=0)) & (own > others.max(axis=1))
    assert 0.05 < nearest.mean() < 0.95
    assert score("mexa", x, y) == pytest.approx(nearest.mean())


@pytest.mark.parametrize("in_parts", [False, True])
def test_fewer_pairs_are_scored_as_if_they_were_alone(in_parts: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    x, y = (torch.from_numpy(side) for side in noisy(240, 1.5))
    order = torch.randperm(240, generator=torch.Generator().manual_seed(0))
    alone = {
        name: np.mean(
            [
                score(name, x[order[s]].numpy(), y[order[s]].numpy())
                for s in (slice(0, 70), slice(70, 140), slice(140, 210))
            ]
        )
        for name in MODULES
    }
    if in_parts:  # without the whole matrix, a few rows at a time
        monkeypatch.setattr(pairs_module, "WHOLE", 50)
        monkeypatch.setattr(pairs_module, "AT_ONCE", 1000)
    rows = {row.measure: row for row in score_layers([(x, y)], MODULES) if row.direction == "forward"}
    assert {name: row.by_pairs[70] for name, row in rows.items()} == pytest.approx(alone, abs=2e-6)
    assert {row.n for row in rows.values()} == {240}
    assert {name: row.score for name, row in rows.items()} == pytest.approx(
        {name: score(name, x.numpy(), y.numpy()) for name in MODULES}, abs=1e-6
    )


def test_layers_at_once_score_as_each_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    layers = [tuple(torch.randn(2, 36, 8, generator=torch.Generator().manual_seed(layer))) for layer in range(5)]
    alone = [row for layer in layers for row in score_layers([layer], MODULES)]
    for most in (36, 60, 1000):  # one, two and all layers at once
        monkeypatch.setattr("realign.alignment.measuring.WHOLE", most)
        monkeypatch.setattr(pairs_module, "WHOLE", most)
        rows = score_layers(layers, MODULES)
        assert [row.layer for row in rows] == sorted([*range(5)] * (len(rows) // 5))
        for row, expected in zip(rows, alone, strict=True):
            assert (row.measure, row.direction, row.n) == (expected.measure, expected.direction, expected.n)
            assert row.score == pytest.approx(expected.score, abs=1e-6)
            assert row.by_pairs == pytest.approx(expected.by_pairs, abs=2e-6)


def test_sentences_need_no_links_and_leave_words_alone(checkpoint: Path) -> None:
    encoder, tokenizer = load_encoder(checkpoint, pick_device()).eval(), WordTokenizer(checkpoint, 12)
    pair = SentencePair(["the", "river", "and", "the", "market"], ["der", "Fluss", "und", "der", "Markt"])
    other = SentencePair(["the", "old", "market"], ["der", "alte", "Markt"])
    linked = [(pair, [(1, 1), (4, 4)]), (other, []), (pair, []), (other, [(2, 2)])]

    def measured(**settings: object) -> dict[str, list[object]]:
        found = measure_alignment(
            encoder, tokenizer, linked, MeasuringSettings(max_word_pairs=9, batch_size=2, **settings)
        )  # type: ignore[arg-type]
        return {name: [row for row in found if row.measure == name] for name in MODULES}

    words, sentences, both = (
        measured(measures=words, sentence_measures=sentences)
        for words, sentences in ((WORDS, {}), ({}, SENTENCES), (WORDS, SENTENCES))
    )
    assert {row.n for row in words["weak"]} == {row.n for row in both["weak"]} == {3}
    assert [row.score for row in both["cka"]] == pytest.approx([row.score for row in words["cka"]], abs=1e-4)
    assert {row.n for row in sentences["mexa"]} == {4} and sentences["mexa"] == both["mexa"]
    assert {row.layer for row in both["mexa"]} == {0, 1, 2} and not sentences["weak"] and not words["mexa"]
    few = measured(measures=WORDS, sentence_measures=SENTENCES, max_sentence_pairs=1)
    assert {row.n for row in few["mexa"]} == {1} and {row.n for row in few["weak"]} == {3}
    with pytest.raises(InputError, match="no sentence pair in"):
        measure_alignment(encoder, tokenizer, [], MeasuringSettings({}, 9, sentence_measures=SENTENCES))


def test_a_sentence_is_the_mean_of_its_words_pieces(checkpoint: Path) -> None:
    encoder, tokenizer = load_encoder(checkpoint, pick_device()).eval(), WordTokenizer(checkpoint, 12)
    pairs = [
        SentencePair(["the", "old", "river"], ["der", "Fluss"]),
        SentencePair(["market"], ["der", "alte", "Markt"]),
    ]
    seen: list[Pairs] = []

    class Spy:
        @staticmethod
        def scores(pairs: Pairs, _: object) -> dict[tuple[str, str], torch.Tensor]:
            seen.append(pairs)
            return {}

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("realign.alignment.measuring.import_module", lambda _: Spy)
        settings = MeasuringSettings({}, 9, sentence_measures={"mexa": "spy"}, precision="float32")
        measure_alignment(encoder, tokenizer, [(pair, []) for pair in pairs], settings)
    expected = []
    for side in ("source", "target"):
        for pair in pairs:
            (encoded,) = tokenizer.encode_pieces([getattr(pair, side)])
            states = encoder(input_ids=torch.tensor([encoded.ids]), output_hidden_states=True).hidden_states[-1][0]
            expected.append(states[[place for place, word in enumerate(encoded.words) if word >= 0]].mean(dim=0))
    found = torch.cat([seen[-1].source[-1], seen[-1].target[-1]])
    order = torch.randperm(2, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(found, torch.stack(expected)[torch.cat([order, order + 2])], atol=1e-5, rtol=1e-4)


def test_measures_of_sentences_alone_need_no_aligner() -> None:
    content = yaml.safe_load((STUDY / "config.yaml").read_text(encoding="utf-8"))
    methods = {"methods": {"baseline": {}, "sentences": {"when": "before", "unit": "sentence"}}}
    of_words, of_sentences = (
        Experiment(read_config(merged(content, {**methods, "measurement": {"measures": measures}})), PROJECT / "lab")
        for measures in (["mexa", "weak"], ["mexa"])
    )
    assert list(of_words.measured_bitext("de")) == ["bitext", "links"] and list(of_sentences.measured_bitext("de")) == [
        "bitext"
    ]
    assert of_sentences.config.used_aligners == []
    assert of_sentences.measure_params()["sentence_measures"] == SENTENCES
    assert "sentence_measures" not in Experiment(read_config(content), PROJECT / "lab").measure_params()
