"""Model families: one real encoder as BERT, DistilBERT and XLM-R behaves the same in every room; ModernBERT works."""

from pathlib import Path

import numpy as np
import pytest
import torch

from families import FAMILIES, write_family
from realign.encoders.checkpoint import (
    WEIGHTS,
    Manifest,
    base_encoder,
    load_encoder,
    sha256_of,
    write_manifest,
)
from realign.encoders.importing import import_encoder
from realign.encoders.words import WordTokenizer, word_states
from realign.realignment.joint import JointObjective
from realign.realignment.losses.contrastive import loss as contrastive_loss
from realign.realignment.objective import RealignmentObjective
from realign.tasks.classification import model as classifying
from realign.tasks.tagging import model as tagging
from realign.tasks.tagging.data import TokenData
from realign.text.bitext import SentencePair

CPU = torch.device("cpu")
SAME = ("bert", "distilbert", "xlm-roberta")
SENTENCES = [["Die", "Brücke", "ist", "geschlossen", "."], ["The", "bridge", "is", "closed", "."], ["Honig"]]
LINKED = [(SentencePair(SENTENCES[1], SENTENCES[0]), [(0, 0), (1, 1), (2, 2), (3, 3)])]


@pytest.fixture(scope="module")
def families(tmp_path_factory: pytest.TempPathFactory, small_encoder: Path) -> dict[str, Path]:
    """Every family's model, imported as a user's directory is."""
    home = tmp_path_factory.mktemp("families")
    for family in FAMILIES:
        write_family(family, small_encoder, home / "raw" / family)
        (home / family).mkdir()
        import_encoder(home / "raw" / family, home / family)
        write_manifest(home / family, Manifest(weights_sha256=sha256_of(home / family / WEIGHTS), model=family))
    return {family: home / family for family in FAMILIES}


def representations(folder: Path, layers: int | None = None) -> list[torch.Tensor]:
    encoder, tokenizer = load_encoder(folder, CPU, layers).eval(), WordTokenizer(folder, 64)
    batch = tokenizer.collate(tokenizer.encode(SENTENCES))
    with torch.inference_mode():
        states = encoder(input_ids=batch.ids, attention_mask=batch.mask, output_hidden_states=True).hidden_states
    present = batch.first_pieces >= 0
    return [word_states(layer, batch.first_pieces)[present] for layer in states]


@pytest.mark.parametrize("family", SAME[1:])
def test_word_representations_agree_across_families(families: dict[str, Path], family: str) -> None:
    reference, found = representations(families["bert"]), representations(families[family])
    assert len(reference) == len(found) == 3
    for one, other in zip(reference, found, strict=True):
        torch.testing.assert_close(one, other, atol=2e-5, rtol=1e-4)


@pytest.mark.parametrize("family", FAMILIES)
def test_an_encoder_cut_below_its_last_layer_has_the_states_of_the_whole_one(
    families: dict[str, Path], family: str
) -> None:
    whole, cut = representations(families[family]), representations(families[family], layers=1)
    for one, other in zip(whole[:2], cut[:2], strict=True):
        torch.testing.assert_close(one, other)


def joint_loss(folder: Path) -> float:
    torch.manual_seed(3)
    tagger = tagging.load(folder, CPU, ["A", "B"]).eval()
    with torch.no_grad():
        tagger.classifier.weight.fill_(0.01)
        tagger.classifier.bias.copy_(torch.tensor([0.5, -0.5]))
    tokenizer = WordTokenizer(folder, 64)
    data = TokenData(SENTENCES[:2], [[0, 1, 0, 1, 0]] * 2, ["A", "B"])
    task = tagging.TaggingObjective(tagger, tokenizer, data, 2, np.random.default_rng(1))
    realignment = RealignmentObjective(base_encoder(tagger), tokenizer, iter([LINKED]), contrastive_loss)
    objective = JointObjective(task, realignment, 0.5)
    return objective.loss(objective.prepare(next(objective.draws))).item()


@pytest.mark.parametrize("family", SAME[1:])
def test_joint_losses_agree_across_families(families: dict[str, Path], family: str) -> None:
    assert joint_loss(families[family]) == pytest.approx(joint_loss(families["bert"]), abs=1e-4)


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_is_realigned_tagged_classified_and_reloaded(
    families: dict[str, Path], family: str, tmp_path: Path
) -> None:
    folder = families[family]
    encoder, tokenizer = load_encoder(folder, CPU), WordTokenizer(folder, 64)
    objective = RealignmentObjective(encoder, tokenizer, iter([LINKED]), contrastive_loss)
    objective.loss(objective.prepare(LINKED)).backward()
    moved = [name for name, weight in encoder.named_parameters() if weight.grad is not None and weight.grad.any()]
    assert len(moved) > 10
    assert classifying.load(folder, CPU, ["a", "b", "c"]).num_labels == 3
    tagger = tagging.load(folder, CPU, ["A", "B"]).eval()
    data = TokenData(SENTENCES, [[0] * len(words) for words in SENTENCES], ["A", "B"])
    expected = tagging.predict(tagger, folder, data, max_length=64, batch_size=2)
    tagger.save_pretrained(tmp_path)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    write_manifest(tmp_path, Manifest(weights_sha256=sha256_of(tmp_path / WEIGHTS), model=family))
    again = tagging.load(tmp_path, CPU).eval()
    assert tagging.predict(again, tmp_path, data, max_length=64, batch_size=2) == expected
    assert [len(row) for row in expected] == [5, 5, 1]


def test_a_bare_boundary_never_represents_a_word_of_xlm_r(families: dict[str, Path]) -> None:
    folder = families["xlm-roberta"]
    tokenizer = WordTokenizer(folder, 64)
    pieces = tokenizer._tokenizer.encode(["Brücke", "桥"], is_pretokenized=True).tokens
    (encoded,) = tokenizer.encode([["Brücke", "桥"]])
    assert "▁" in pieces, "the vocabulary writes a Chinese word with a bare boundary first"
    assert all(pieces[position] != "▁" for position in encoded.first_pieces if position >= 0)
