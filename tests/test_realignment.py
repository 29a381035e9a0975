"""Settings of realignment: head, frozen layers, sentences, losses, regularisation, random weights."""

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from safetensors.torch import load_file
from torch import Tensor, nn

from realign.config.methods import Realignment
from realign.config.reading import read_config
from realign.encoders.checkpoint import WEIGHTS, Manifest, load_encoder
from realign.encoders.layers import parameters_of
from realign.encoders.words import WordTokenizer
from realign.errors import InputError
from realign.experiment.experiment import Experiment
from realign.experiment.recipes import Recipe
from realign.realignment import padding
from realign.realignment.freezing import frozen_layers, frozen_parameters
from realign.realignment.head import new_head
from realign.realignment.joint import JointObjective
from realign.realignment.linked_bitext import LinkedPair, pair_files
from realign.realignment.losses.contrastive import loss as contrastive_loss
from realign.realignment.losses.l2 import loss as l2_loss
from realign.realignment.objective import (
    RealignmentObjective,
    RealignmentSettings,
    SentenceObjective,
    realignment_objective,
)
from realign.text.bitext import SentencePair
from realign.training.checkpointing import Destination, Execution, train_checkpoint
from realign.training.loop import Plan, train
from study import PROJECT

CPU = torch.device("cpu")
PAIRS: list[LinkedPair] = [
    (SentencePair(["the", "old", "bridge"], ["die", "alte", "Brücke"]), [(1, 1), (2, 2)]),
    (SentencePair(["she", "reads"], ["sie", "liest", "gern"]), [(0, 0), (1, 1)]),
    (SentencePair(["a", "big", "house"], ["ein", "großes", "Haus"]), [(2, 2)]),
]


def repeated(pairs: list[LinkedPair]) -> Iterator[list[LinkedPair]]:
    while True:
        yield pairs


def step_loss(objective: RealignmentObjective) -> Tensor:
    return objective.loss(objective.prepare(PAIRS))


@pytest.fixture
def encoder(checkpoint: Path) -> Any:
    return load_encoder(checkpoint, CPU).eval()


@pytest.fixture
def tokenizer(checkpoint: Path) -> WordTokenizer:
    return WordTokenizer(checkpoint, 64)


def plain_contrastive(vectors: Sequence[Tensor], pairs: Sequence[tuple[int, int]]) -> float:
    """The formula of the strong loss, pair by pair."""
    losses = []
    for x, y in [*pairs, *((y, x) for x, y in pairs)]:
        others = [z for z in range(len(vectors)) if z != x]
        similarity = {z: torch.exp(torch.cosine_similarity(vectors[x], vectors[z], dim=0) / 0.1) for z in others}
        losses.append(-torch.log(similarity[y] / sum(similarity.values())))
    return float(torch.stack(losses).mean())


def state_of(encoder: Any, tokenizer: WordTokenizer, words: list[str], layer: int) -> Tensor:
    """The states [pieces, hidden] of a sentence by itself."""
    ids = torch.tensor([tokenizer.encode([words])[0].ids])
    states: Tensor = encoder(input_ids=ids, output_hidden_states=True).hidden_states[layer][0]
    return states


# head


def test_a_head_equals_its_matrices_and_has_no_bias() -> None:
    head = new_head(["hidden", 3], hidden=5)
    first, second = (layer for layer in head if isinstance(layer, nn.Linear))
    assert [tuple(layer.weight.shape) for layer in (first, second)] == [(5, 5), (3, 5)]
    assert first.bias is None and second.bias is None
    x = torch.randn(4, 5, generator=torch.Generator().manual_seed(1))
    expected = [[max(0.0, float(row @ weights)) for weights in first.weight.detach()] for row in x]
    for row, hidden in zip(head(x), expected, strict=True):
        by_hand = [sum(h * w for h, w in zip(hidden, weights.tolist(), strict=True)) for weights in second.weight]
        assert row.tolist() == pytest.approx(by_hand, abs=1e-5)


def test_the_loss_with_a_head_is_the_loss_of_what_it_makes_of_the_words(encoder: Any, tokenizer: WordTokenizer) -> None:
    head = new_head([7], encoder.config.hidden_size)
    with_head = RealignmentObjective(encoder, tokenizer, repeated(PAIRS), contrastive_loss, head=head)
    batch = with_head.prepare(PAIRS)
    words = encoder(input_ids=batch.ids, attention_mask=batch.mask).last_hidden_state.flatten(0, 1)[batch.words]
    vectors = [head[0].weight @ word for word in words]
    pairs = [(int(i), int(j)) for i, j in batch.links]
    assert with_head.loss(batch).item() == pytest.approx(plain_contrastive(vectors, pairs), abs=1e-5)


def settings(**changes: Any) -> RealignmentSettings:
    return RealignmentSettings("realign.realignment.losses.contrastive", batch_size=2, max_length=64, **changes)


@pytest.fixture
def bitext(tmp_path: Path) -> Path:
    path = tmp_path / "bitext.txt"
    lines = [f"{' '.join(pair.source)} ||| {' '.join(pair.target)}" for pair, _ in PAIRS]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def realigned(checkpoint: Path, bitext: Path, folder: Path, **changes: Any) -> dict[str, Tensor]:
    """The weights after four steps of realigning sentences."""
    import numpy as np

    torch.manual_seed(3)
    encoder = load_encoder(checkpoint, CPU)
    objective = realignment_objective(
        encoder, checkpoint, pair_files([str(bitext)]), settings(unit="sentence", **changes), np.random.default_rng(0)
    )
    start = Manifest(model="small", seed=3, steps=4)
    train_checkpoint(
        encoder, objective, Plan(1e-3, 4, weight_decay=0.1), checkpoint, Destination(folder, start), Execution(),
        sentences=8,
    )  # fmt: skip
    return load_file(folder / WEIGHTS)


def test_a_head_is_trained_and_leaves_no_trace_in_the_checkpoint(
    checkpoint: Path, bitext: Path, tmp_path: Path
) -> None:
    plain = realigned(checkpoint, bitext, tmp_path / "plain")
    with_head = realigned(checkpoint, bitext, tmp_path / "head", head=["hidden", 16])
    assert {name: tensor.shape for name, tensor in plain.items()} == {
        name: tensor.shape for name, tensor in with_head.items()
    }
    assert any(not torch.equal(plain[name], with_head[name]) for name in plain)
    config = [(tmp_path / folder / "config.json").read_text(encoding="utf-8") for folder in ("plain", "head")]
    assert config[0] == config[1]


def test_a_head_is_optimised_with_the_encoder(encoder: Any, tokenizer: WordTokenizer) -> None:
    head = new_head([16], encoder.config.hidden_size)
    before = head[0].weight.clone()
    objective = RealignmentObjective(encoder, tokenizer, repeated(PAIRS), contrastive_loss, head=head)
    train(nn.ModuleList([encoder, head]), objective, Plan(1e-3, 2), precision="float32")
    assert not torch.equal(before, head[0].weight)


# freezing


def test_halves_leave_the_embeddings_and_the_middle_of_an_odd_number_trainable() -> None:
    assert list(frozen_layers("lower", 12)) == [1, 2, 3, 4, 5, 6]
    assert list(frozen_layers("upper", 12)) == [7, 8, 9, 10, 11, 12]
    assert (list(frozen_layers("lower", 3)), list(frozen_layers("upper", 3))) == ([1], [3])
    assert list(frozen_layers([0, 2], 12)) == [0, 1, 2]
    with pytest.raises(InputError, match=r"realignment.freeze: found \[2, 13\]; the encoder has 12 layers"):
        frozen_layers([2, 13], 12)


@pytest.mark.parametrize("freeze", ["lower", "upper", [0, 1]])
def test_frozen_weights_are_the_same_bits_afterwards(
    checkpoint: Path, bitext: Path, tmp_path: Path, freeze: Any
) -> None:
    after = realigned(checkpoint, bitext, tmp_path / "frozen", freeze=freeze)
    before, encoder = load_file(checkpoint / WEIGHTS), load_encoder(checkpoint, CPU)
    frozen = set(frozen_parameters(encoder, freeze))
    trained = {name for name in before if name not in frozen and "pooler" not in name}
    assert frozen and frozen < set(before)
    assert all(torch.equal(before[name], after[name]) for name in frozen)
    changed = {name for name in trained if not torch.equal(before[name], after[name])}
    assert {name for name in trained if "layer" in name and "key.bias" not in name} <= changed


def test_the_gradient_of_other_layers_is_the_same_as_without_freezing(encoder: Any, tokenizer: WordTokenizer) -> None:
    frozen = parameters_of(encoder, [1])
    gradients = []
    for names in ([], frozen):
        encoder.zero_grad(set_to_none=True)
        step_loss(RealignmentObjective(encoder, tokenizer, repeated(PAIRS), contrastive_loss, frozen=names)).backward()
        gradients.append({name: tensor.grad for name, tensor in encoder.named_parameters()})
    free, partly = gradients
    assert all(partly[name] is None for name in frozen)
    for name in set(free) - set(frozen):
        if free[name] is not None:
            torch.testing.assert_close(free[name], partly[name])


def test_joint_realignment_leaves_frozen_layers_to_the_task(encoder: Any, tokenizer: WordTokenizer) -> None:
    frozen = parameters_of(encoder, [1, 2])

    class Task:
        draws, head = iter([0]), None

        def prepare(self, draw: int) -> Tensor:
            return torch.tensor(draw)

        def loss(self, _batch: Tensor, _at_once: int | None = None) -> Tensor:
            return 2.0 * dict(encoder.named_parameters())[frozen[0]].sum()

    realignment = RealignmentObjective(encoder, tokenizer, repeated(PAIRS), contrastive_loss, frozen=frozen)
    joint = JointObjective(Task(), realignment)
    joint.loss((torch.tensor(0), realignment.prepare(PAIRS))).backward()
    found = dict(encoder.named_parameters())
    assert torch.equal(found[frozen[0]].grad, torch.full_like(found[frozen[0]], 2.0))
    assert all(found[name].grad is None for name in frozen[1:])


# sentences


def test_the_loss_of_sentences_equals_a_plain_loop_over_their_means(encoder: Any, tokenizer: WordTokenizer) -> None:
    sentences = [pair.source for pair, _ in PAIRS] + [pair.target for pair, _ in PAIRS]
    means = []
    for words in sentences:
        states, owners = state_of(encoder, tokenizer, list(words), -2), tokenizer.encode_pieces([words])[0].words
        means.append(torch.stack([states[place] for place, word in enumerate(owners) if word >= 0]).mean(dim=0))
    objective = SentenceObjective(encoder, tokenizer, repeated(PAIRS), contrastive_loss, [-2])
    expected = plain_contrastive(means, [(0, 3), (1, 4), (2, 5)])
    assert step_loss(objective).item() == pytest.approx(expected, abs=1e-5)


def test_equal_sentences_are_no_pair_but_remain_candidates(tmp_path: Path) -> None:
    path = tmp_path / "bitext.txt"
    path.write_text("OK ||| OK\nthe sea ||| das Meer\n", encoding="utf-8")
    (file,) = pair_files([str(path)])
    assert [links for _, links in (file[0], file[1])] == [[], [(0, 0)]]


# losses


def test_the_squared_distance_equals_a_case_by_hand() -> None:
    words = torch.tensor([[0.0, 1.0], [2.0, 2.0], [1.0, 1.0], [5.0, 5.0]])
    # (0 - 1)² + (1 - 1)² and (2 - 5)² + (2 - 5)², over four numbers
    assert l2_loss(words, torch.tensor([(0, 2), (1, 3)]), torch.arange(4) < 2).item() == pytest.approx(19 / 4)


def test_regularisation_is_the_squared_distance_of_source_words_from_the_start(
    encoder: Any, tokenizer: WordTokenizer
) -> None:
    objective = RealignmentObjective(encoder, tokenizer, repeated(PAIRS), l2_loss, regularise_to_start=0.5)
    plain = RealignmentObjective(encoder, tokenizer, repeated(PAIRS), l2_loss)
    assert step_loss(objective).item() == pytest.approx(step_loss(plain).item())
    batch = objective.prepare(PAIRS)

    def words() -> Tensor:
        states = encoder(input_ids=batch.ids, attention_mask=batch.mask).last_hidden_state
        found: Tensor = states.flatten(0, 1)[batch.words]
        return found

    with torch.no_grad():
        start = words()
        for parameter in parameters_in_last_layer(encoder):
            parameter.add_(0.01)
        moved = words()
    squares = [
        (a - b) ** 2
        for source, now, then in zip(batch.is_source, moved, start, strict=True)
        if source
        for a, b in zip(now.tolist(), then.tolist(), strict=True)
    ]
    expected = step_loss(plain).item() + 0.5 * sum(squares) / len(squares)
    assert step_loss(objective).item() == pytest.approx(expected, abs=1e-5)
    assert all(not parameter.requires_grad for parameter in objective.start.parameters())  # type: ignore[union-attr]


def parameters_in_last_layer(encoder: Any) -> list[Tensor]:
    names = parameters_of(encoder, [encoder.config.num_hidden_layers])
    return [dict(encoder.named_parameters())[name] for name in names]


# padding


@pytest.mark.parametrize("kind", [RealignmentObjective, SentenceObjective])
def test_padding_that_is_left_out_changes_neither_loss_nor_gradients(
    encoder: Any, tokenizer: WordTokenizer, kind: type[RealignmentObjective], monkeypatch: pytest.MonkeyPatch
) -> None:
    objective = kind(encoder, tokenizer, repeated(PAIRS), contrastive_loss, [1, -1], regularise_to_start=0.5)
    computed: list[tuple[int, ...]] = []
    states = objective._states
    monkeypatch.setattr(
        objective, "_states", lambda ids, *rest, **of: computed.append(ids.shape) or states(ids, *rest, **of)
    )
    found = []
    for rows in (2, 6):
        monkeypatch.setattr(padding, "GROUP", rows)
        encoder.zero_grad(set_to_none=True)
        step_loss(objective).backward()
        found.append({name: tensor.grad for name, tensor in encoder.named_parameters() if tensor.grad is not None})
        found[-1]["loss"] = step_loss(objective).detach()
    (*narrow, widest), whole = sorted(computed[:3]), computed[-2]
    assert sum(map(math.prod, computed[:3])) < math.prod(whole) and widest[1] == whole[1] and narrow
    assert found[0].keys() == found[1].keys() and len(found[0]) > 20
    for name, tensor in found[1].items():
        torch.testing.assert_close(found[0][name], tensor, rtol=1e-3, atol=1e-6)


# config and workflow


def experiment(methods: dict[str, Any], **changes: Any) -> Experiment:
    content = yaml.safe_load((PROJECT / "config.yaml").read_text(encoding="utf-8"))
    return Experiment(read_config({**content, "methods": {"baseline": {}, **methods}, **changes}), PROJECT / "lab")


def test_sentences_need_no_links() -> None:
    found = experiment({"sentences": {"when": "before", "unit": "sentence"}})
    (name,) = {recipe for (_, recipe) in found.recipes if recipe.startswith("sentence-30-")}
    inputs = found.realign_inputs("e5-3", name)
    assert set(inputs) == {"bitext"} and len(inputs["bitext"]) == 5
    assert [row.name for row in found.config.used_aligners] == ["dictionary"], "which measures"


def test_a_method_realigns_before_and_during_fine_tuning() -> None:
    both = {"when": "before+during", "aligner": "dictionary", "coefficient": 0.1}
    found = experiment({"both": both, "before-dictionary": {}})
    start = found.encoder("e5-3", "both", "pos", "31")
    assert start == found.encoder("e5-3", "before-dictionary", "pos", "31"), "the coefficient is of no matter before"
    assert found.joint_params("both")["coefficient"] == 0.1
    assert "both" in found.variants_that(join=True) and "both" not in found.variants_that(join=False)


@pytest.mark.parametrize(
    ("method", "said"),
    [
        ({"when": "before"}, "has no 'aligner' among its settings"),
        ({"when": "before", "unit": "sentence", "aligner": "dictionary"}, "mine.aligner: has no effect on"),
        ({"when": "during", "unit": "sentence", "aligner": "fastalign"}, "mine.aligner: has no effect on"),
        ({"when": "before", "aligner": "dictionary", "freeze": [3, 1]}, "mine.freeze: found [3, 1]"),
        ({"when": "before", "aligner": "dictionary", "freeze": "middle"}, "mine.freeze"),
        ({"when": "before", "aligner": "dictionary", "head": []}, "mine.head: found []"),
        ({"when": "before", "aligner": "dictionary", "head": [0]}, "mine.head"),
        ({"when": "during", "aligner": "dictionary", "max_gradient_norm": None}, "mine.max_gradient_norm: has no"),
        ({"when": "before", "aligner": "dictionary", "loss": "l2", "temperature": 0.1}, "mine.temperature"),
    ],
)
def test_a_mistake_in_a_setting_is_one_sentence(method: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError) as error:
        experiment({"mine": method})
    assert said in str(error.value) and "\n" not in str(error.value)


def test_a_name_that_says_an_aligner_is_not_taken_for_sentences() -> None:
    with pytest.raises(InputError, match="methods: 'before-dictionary' names an aligner, which has no effect"):
        experiment({"before-dictionary": {"unit": "sentence"}})
    found = experiment({"before-sentences": {"unit": "sentence"}}).config.all_methods["before-sentences"]
    assert (found.when, found.aligner) == ("before", None)


def test_new_settings_at_their_defaults_change_no_recipe() -> None:
    assert Recipe("dictionary", 30, Realignment(), ("ar",)).name == "dictionary-30-d4cfb086"


def test_the_length_of_inputs_may_differ_by_task() -> None:
    found = experiment({}, finetuning={"epochs": 1, "max_length": {"pos": 128}})
    assert found.finetune_params("e5-3", "pos")["max_length"] == 128
    with pytest.raises(InputError, match=r"finetuning.max_length: no number for \['pos'\]"):
        experiment({}, finetuning={"epochs": 1, "max_length": {"ner": 128}})
