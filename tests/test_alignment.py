"""The alignment score, on points placed by hand, and its measurement on an encoder."""

from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.neighbors import NearestNeighbors

from realign.alignment.measures.retrieval import scores
from realign.alignment.measuring import MeasuringSettings, measure_alignment, score_layers
from realign.alignment.pairs import Pairs
from realign.alignment.records import Direction
from realign.encoders.checkpoint import load_encoder
from realign.encoders.devices import pick_device
from realign.encoders.words import WordTokenizer
from realign.errors import InputError
from realign.text.bitext import SentencePair

MODULES = dict.fromkeys(("weak", "strong"), "realign.alignment.measures.retrieval")


def directions(*degrees: float) -> np.ndarray:
    radians = np.radians(degrees)
    return np.stack([np.cos(radians), np.sin(radians)], axis=1).astype(np.float32)


def alignment_score(x: np.ndarray, y: np.ndarray, measure: str, direction: Direction = "forward") -> float:
    found = scores(Pairs.of(x, y), ["weak", "strong"])
    assert scores(Pairs.of(x, y), [measure]) == {key: score for key, score in found.items() if key[1] == measure}
    return float(found[direction, measure])


def test_weak_and_strong_scores_follow_their_definitions() -> None:
    x, y = directions(0, 10, 90), directions(4, 50, 95)
    # x0: y0 is 4° away, x1 10°: a hit for both. x1: y0 is 6° away, y1 40°: a miss.
    # x2: y2 is 5° away, everything else further: a hit for both.
    assert alignment_score(x, y, "weak") == pytest.approx(2 / 3)
    assert alignment_score(x, y, "strong") == pytest.approx(2 / 3)
    # backward: y0 finds x0 at 4° (strong: y1 is 46° away), y1 is as near to x1 as to x2 (40°) but x1 comes first
    # for weak; for strong y2 is 45° away, so that it is a hit too; y2 finds x2
    assert alignment_score(y, x, "weak") == alignment_score(x, y, "weak", "backward") == pytest.approx(1.0)
    assert alignment_score(y, x, "strong") == alignment_score(x, y, "strong", "backward") == pytest.approx(1.0)


def test_a_nearer_word_of_the_same_language_spoils_the_strong_score_only() -> None:
    x, y = directions(0, 2, 90), directions(5, 8, 91)
    # x0 and x1 are 2° from each other and further from their translations
    assert alignment_score(x, y, "weak") == pytest.approx(2 / 3)
    assert alignment_score(x, y, "strong") == pytest.approx(1 / 3)


def test_length_does_not_matter() -> None:
    x, y = directions(0, 40, 90), directions(5, 45, 95)
    assert alignment_score(x * 100, y * 0.01, "strong") == alignment_score(x, y, "strong") == 1.0


def test_scores_equal_a_search_for_nearest_neighbours() -> None:
    rng = np.random.default_rng(5)
    x = rng.normal(size=(1500, 16)).astype(np.float32)  # more than one chunk
    y = (x + rng.normal(size=x.shape)).astype(np.float32)
    weak = NearestNeighbors(n_neighbors=1, metric="cosine").fit(y).kneighbors(x, return_distance=False)[:, 0]
    assert alignment_score(x, y, "weak") == pytest.approx((weak == np.arange(1500)).mean())
    both = NearestNeighbors(n_neighbors=2, metric="cosine").fit(np.concatenate([y, x]))
    nearest = both.kneighbors(x, return_distance=False)
    others = np.array([[i for i in row if i != 1500 + n][0] for n, row in enumerate(nearest)])
    assert alignment_score(x, y, "strong") == pytest.approx((others == np.arange(1500)).mean())
    for measure in ("weak", "strong"):
        assert alignment_score(x, y, measure, "backward") == alignment_score(y, x, measure)


def test_without_pairs_there_is_no_score() -> None:
    with pytest.raises(ValueError, match="at least one"):
        alignment_score(np.zeros((0, 4), np.float32), np.zeros((0, 4), np.float32), "weak")


def test_every_layer_direction_and_measure_is_reported_with_n() -> None:
    x, y = directions(0, 40, 90), directions(5, 45, 95)
    layers = [(torch.from_numpy(source), torch.from_numpy(target)) for source, target in ((x, y), (y, x))]
    rows = score_layers(layers, MODULES)
    assert {(row.layer, row.direction, row.measure) for row in rows} == {
        (layer, direction, measure)
        for layer in (0, 1)
        for direction in ("forward", "backward")
        for measure in ("weak", "strong")
    }
    assert {row.n for row in rows} == {3}
    assert score_layers(layers, {"strong": MODULES["strong"]}) == [row for row in rows if row.measure == "strong"]


def test_measuring_uses_only_whole_usable_links(checkpoint: Path) -> None:
    encoder, tokenizer = load_encoder(checkpoint, pick_device()).eval(), WordTokenizer(checkpoint, 12)
    english = ["the", "river", "and", "the", "market", "are", "old", "old", "old", "old", "old", "old", "old"]
    german = ["der", "Fluss", "und", "der", "Markt"]
    linked = [(SentencePair(english, german), [(1, 1), (4, 4), (0, 0), (0, 3), (12, 2)])]
    # 0 has two links; 12 is cut off on the English side; two links remain
    rows = measure_alignment(encoder, tokenizer, linked, MeasuringSettings(MODULES, max_word_pairs=10))
    assert {row.n for row in rows} == {2}
    assert max(row.layer for row in rows) == 2
    few = MeasuringSettings(MODULES, max_word_pairs=3, batch_size=1)
    assert {row.n for row in measure_alignment(encoder, tokenizer, linked * 3, few)} == {3}


def test_a_bitext_without_usable_links_is_refused(checkpoint: Path) -> None:
    encoder, tokenizer = load_encoder(checkpoint, pick_device()), WordTokenizer(checkpoint, 32)
    linked = [(SentencePair(["Rom"], ["Rom"]), [(0, 0)])]
    with pytest.raises(InputError, match="no usable word link in"):
        measure_alignment(encoder, tokenizer, linked, MeasuringSettings(MODULES, max_word_pairs=10))


def test_languages_with_different_numbers_of_pairs_are_measured_over_the_same_number() -> None:
    rng = np.random.default_rng(7)
    x = torch.from_numpy(rng.normal(size=(340, 24)).astype(np.float32))
    y = x + 1.2 * torch.from_numpy(rng.normal(size=x.shape).astype(np.float32))
    many, few = (score_layers([(x[:n], y[:n])], MODULES)[0] for n in (340, 31))
    assert list(many.by_pairs) == [5, 7, 10, 15, 20, 30, 50, 70, 100, 150, 200, 300]
    assert list(few.by_pairs) == [5, 7, 10, 15, 20, 30]
    # fewer candidates, easier retrieval: alike over as many, and not over all that each has
    assert many.score < few.score - 0.1
    assert many.by_pairs[30] == pytest.approx(few.by_pairs[30], abs=0.08)
    # each number's score is the mean over disjoint sets, here of two of 150
    order = torch.randperm(340, generator=torch.Generator().manual_seed(0))
    halves = [order[:150], order[150:300]]
    found = np.mean([alignment_score(x[part].numpy(), y[part].numpy(), many.measure) for part in halves])
    assert many.by_pairs[150] == pytest.approx(found, abs=1e-6)
