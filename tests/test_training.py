"""The two losses, the batches and the loop."""

import json
import math
from collections.abc import Callable, Iterator
from itertools import count, islice
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import torch

from realign.encoders.checkpoint import WEIGHTS, Manifest, base_encoder, load_encoder, sha256_of
from realign.encoders.checks import check_length
from realign.encoders.devices import computed_precision, each_tensor, in_micro_batches, made_ahead
from realign.encoders.words import WordTokenizer
from realign.errors import InputError
from realign.realignment.joint import JointObjective
from realign.realignment.linked_bitext import LinkedBitextFile, mixed_batches
from realign.realignment.losses.contrastive import loss as contrastive_loss
from realign.realignment.objective import RealignmentObjective
from realign.tasks.metrics import accuracy, entity_f1
from realign.tasks.metrics.counts import metric_value
from realign.tasks.pos import read
from realign.tasks.tagging.data import TokenData, read_examples, write_examples
from realign.tasks.tagging.model import TaggingObjective, count_examples, load, predict
from realign.text.bitext import SentencePair
from realign.text.labels import UPOS
from realign.training.batches import bucketed_batches
from realign.training.checkpointing import Destination, Execution, train_checkpoint
from realign.training.loop import STEPS_BETWEEN_READINGS, NonFiniteLoss, Objective, OutOfMemory, Plan, train
from realign.training.steps import finetuning_steps

CPU = torch.device("cpu")


def step_loss(objective: Objective, at_once: int | None = None) -> torch.Tensor:
    return objective.loss(objective.prepare(next(objective.draws)), at_once)


class OfStep:
    """A training whose loss is a function of the step."""

    head = None

    def __init__(self, loss_of: Callable[[int], torch.Tensor]) -> None:
        self.loss_of, self.draws = loss_of, count()

    def prepare(self, step: int) -> torch.Tensor:
        return torch.tensor(step)

    def loss(self, batch: torch.Tensor, _at_once: int | None = None) -> torch.Tensor:
        return self.loss_of(int(batch))


def plain_loss(words: torch.Tensor, pairs: list[tuple[int, int]], source: list[bool], strength: str) -> float:
    """The formula, word by word."""
    losses = []
    for x, y in pairs + [(y, x) for x, y in pairs]:
        others = [z for z in range(len(words)) if z != x and (strength == "strong" or source[z] != source[x])]
        similarity = {z: math.exp(torch.cosine_similarity(words[x], words[z], dim=0).item() / 0.1) for z in others}
        losses.append(-math.log(similarity[y] / sum(similarity.values())))
    return sum(losses) / len(losses)


@pytest.mark.parametrize("strength", ["strong", "weak"])
def test_the_realignment_loss_equals_its_formula(strength: str) -> None:
    words = torch.randn(11, 7, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    pairs, source = [(0, 6), (1, 5), (4, 10)], [number < 5 for number in range(11)]
    loss = contrastive_loss(words, torch.tensor(pairs), torch.tensor(source), temperature=0.1, strength=strength)  # type: ignore[arg-type]
    assert loss.item() == pytest.approx(plain_loss(words, pairs, source, strength), abs=1e-5)


def test_similarities_of_the_loss_are_float32_under_autocast() -> None:
    words = 10 + torch.randn(11, 7, generator=torch.Generator().manual_seed(3))  # all nearly alike
    arguments = words, torch.tensor([(0, 6), (1, 5)]), torch.arange(11) < 5
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = contrastive_loss(*arguments)
    assert loss.item() == contrastive_loss(*arguments).item()


def test_the_loss_of_a_batch_covers_all_words_and_skips_cut_ones(checkpoint: Path) -> None:
    encoder, tokenizer = load_encoder(checkpoint, CPU).eval(), WordTokenizer(checkpoint, 7)
    batch = [
        (SentencePair(["the", "river"], ["der", "Fluss"]), [(1, 1)]),
        (SentencePair(["the", "old", "market", "the", "river", "the"], ["Markt", "alt"]), [(2, 0), (5, 1)]),
    ]
    kept = [(0, ["the", "river"]), (1, ["the", "old", "market", "the", "river"]), (2, ["der", "Fluss"])]
    kept.append((3, ["Markt", "alt"]))
    words, index = [], {}
    for number, sentence in kept:
        encoded = tokenizer.encode([sentence])
        ids = tokenizer.collate(encoded)
        with torch.inference_mode():
            states = encoder(input_ids=ids.ids, attention_mask=ids.mask).last_hidden_state[0]
        for place, piece in enumerate(encoded[0].first_pieces):
            index[number, place] = len(words)
            words.append(states[piece])
    pairs = [(index[0, 1], index[2, 1]), (index[1, 2], index[3, 0])]
    expected = plain_loss(torch.stack(words), pairs, [], "strong")
    with torch.inference_mode():
        assert step_loss(
            RealignmentObjective(encoder, tokenizer, iter([batch]), contrastive_loss)
        ).item() == pytest.approx(expected, abs=1e-4)


def test_a_batch_whose_pairs_were_all_cut_off_has_no_loss(checkpoint: Path) -> None:
    batch = [(SentencePair(["the", "old", "river"], ["Fluss"]), [(2, 0)])]
    loss = step_loss(
        RealignmentObjective(
            load_encoder(checkpoint, CPU), WordTokenizer(checkpoint, 4), iter([batch]), contrastive_loss
        )
    )
    loss.backward()
    assert loss.item() == 0


def linked_file(folder: Path, name: str, lines: list[tuple[str, str]]) -> LinkedBitextFile:
    (folder / f"{name}.txt").write_text("".join(f"{line}\n" for line, _ in lines), encoding="utf-8")
    (folder / f"{name}.links").write_text("".join(f"{links}\n" for _, links in lines), encoding="utf-8")
    return LinkedBitextFile(folder / f"{name}.txt", folder / f"{name}.links")


def test_linked_lines_are_read_by_their_place(tmp_path: Path) -> None:
    file = linked_file(
        tmp_path, "de", [("café ||| Café zu", "0-0"), ("no links ||| ohne", ""), ("sea ||| Meer", "0-0")]
    )
    assert len(file) == 2
    assert file[0] == (SentencePair(["café"], ["Café", "zu"]), [(0, 0)])
    assert file[1] == (SentencePair(["sea"], ["Meer"]), [(0, 0)])


def test_a_file_without_links_or_of_another_length_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="de.links: no word links at all"):
        linked_file(tmp_path, "de", [("sea ||| Meer", ""), ("sun ||| Sonne", "")])
    (tmp_path / "short").write_text("0-0\n")
    with pytest.raises(InputError, match="short: 1 lines, but .*de.txt has 2"):
        LinkedBitextFile(tmp_path / "de.txt", tmp_path / "short")


def test_what_an_encoder_does_not_have_is_reported_before_training(checkpoint: Path) -> None:
    encoder, tokenizer = load_encoder(checkpoint, CPU), WordTokenizer(checkpoint, 8)
    last = encoder.config.num_hidden_layers
    with pytest.raises(InputError, match=rf"realignment.layers: found \[{last + 1}\]; the encoder has {last} layers"):
        RealignmentObjective(encoder, tokenizer, iter([]), contrastive_loss, layers=[-1, last + 1])
    RealignmentObjective(encoder, tokenizer, iter([]), contrastive_loss, layers=[-last - 1, 0, last])
    check_length(encoder, 512, "realignment")
    with pytest.raises(InputError, match="realignment.max_length: found 513; .* positions for 512 sub-words"):
        check_length(encoder, 513, "realignment")


def test_links_without_a_usable_one_are_reported_after_a_pass(tmp_path: Path) -> None:
    file = linked_file(tmp_path, "de", [("Berlin ||| Berlin", "0-0"), ("the sea ||| Meer", "0-0 1-0")])
    with pytest.raises(InputError, match=r"de.links: no usable word link"):
        list(islice(mixed_batches([file], 2, np.random.default_rng(1)), 2))


def test_languages_are_mixed_evenly_and_every_line_is_used_in_turn(tmp_path: Path) -> None:
    files = [
        linked_file(tmp_path, "de", [(f"s{n} ||| d{n}", "0-0") for n in range(4)]),
        linked_file(tmp_path, "it", [(f"s{n} ||| i{n}", "0-0") for n in range(2)]),
    ]
    batches = list(islice(mixed_batches(files, 4, np.random.default_rng(1)), 2))
    targets = [pair.target[0] for batch in batches for pair, _ in batch]
    assert sorted(targets) == ["d0", "d1", "d2", "d3", "i0", "i0", "i1", "i1"]
    assert all(sum(pair.target[0][0] == "d" for pair, _ in batch) == 2 for batch in batches)
    again = list(islice(mixed_batches(files, 4, np.random.default_rng(1)), 2))
    assert again == batches


def test_batches_cover_an_epoch_and_put_like_lengths_together() -> None:
    lengths = list(np.random.default_rng(0).integers(1, 60, size=1000))
    batches = bucketed_batches(lengths, 32, np.random.default_rng(1))
    assert sorted(index for batch in batches for index in batch) == list(range(1000))
    bucketed = sum(max(lengths[index] for index in batch) * len(batch) for batch in batches)
    shuffled = np.random.default_rng(2).permutation(1000)
    plain = sum(
        max(lengths[index] for index in chunk) * len(chunk) for chunk in np.split(shuffled, range(32, 1000, 32))
    )
    assert bucketed < 0.65 * plain, "less padding than batches in random order"


def test_the_rate_warms_up_and_decays() -> None:
    plan = Plan(1.0, steps=10, warmup=0.2, decay="linear")
    assert [round(plan.rate(step), 3) for step in range(10)] == [
        0.333, 0.667, 1.0, 0.875, 0.75, 0.625, 0.5, 0.375, 0.25, 0.125,
    ]  # fmt: skip
    assert {Plan(0.5, steps=10).rate(step) for step in range(10)} == {0.5}


def test_the_loop_reduces_the_loss_and_reports_each_step() -> None:
    torch.manual_seed(0)
    model = torch.nn.Linear(3, 1)
    x, y = torch.randn(64, 3), torch.randn(64, 1)
    losses = train(
        model, OfStep(lambda _: torch.nn.functional.mse_loss(model(x), y)), Plan(0.05, 40), precision="float32"
    )
    assert len(losses) == 40 and losses[-1] < 0.8 * losses[0]


def test_a_loss_that_is_not_finite_stops_before_the_weights_change(tmp_path: Path, checkpoint: Path) -> None:
    encoder = load_encoder(checkpoint, CPU)
    parameter = encoder.embeddings.LayerNorm.bias
    seen: list[torch.Tensor] = []

    def loss(step: int) -> torch.Tensor:
        seen.append(parameter.detach().clone())
        return (parameter**2).sum() * (float("nan") if step == 3 else 1.0)

    with pytest.raises(NonFiniteLoss, match="the loss is nan at step 3; lower the learning rate"):
        train_checkpoint(
            encoder, OfStep(loss), Plan(0.01, 5),
            checkpoint, Destination(tmp_path / "seed31", Manifest(model="small")), Execution("float32"), sentences=5,
        )  # fmt: skip
    assert torch.equal(parameter, seen[3]), "as after step 2"
    assert not (tmp_path / "seed31").exists()
    assert (tmp_path / "seed31.diverged" / WEIGHTS).exists(), "the last good state is kept"


@pytest.mark.parametrize("bad", ["loss", "gradient"])
def test_between_two_readings_no_weight_changes_after_the_first_bad_step(
    monkeypatch: pytest.MonkeyPatch, bad: str
) -> None:
    monkeypatch.setitem(STEPS_BETWEEN_READINGS, "cpu", 50)  # as on a GPU
    model = torch.nn.Linear(1, 1, bias=False)
    seen: list[float] = []

    def loss(step: int) -> torch.Tensor:
        seen.append(model.weight.item())
        if step == 3:
            return model.weight.sum() * torch.nan if bad == "loss" else (model.weight.sum() * 0.0).sqrt()
        return (model.weight**2).sum()

    said = "the loss is nan" if bad == "loss" else "the gradient's norm is nan"
    with pytest.raises(NonFiniteLoss, match=f"{said} at step 3; lower the learning rate"):
        train(model, OfStep(loss), Plan(0.01, 6), precision="float32")
    assert len(seen) == 6 and len(set(seen[:4])) == 4 and {model.weight.item(), *seen[4:]} == {seen[3]}


class Roomy:
    """A training on a device with room for so many sentences."""

    head = None

    def __init__(self, model: torch.nn.Module, room: int) -> None:
        self.model, self.room, self.draws, self.seen = model, room, count(), []

    def prepare(self, step: int) -> "Rows":
        return Rows(torch.arange(6.0).unsqueeze(1) + step)

    def loss(self, batch: "Rows", at_once: int | None = None) -> torch.Tensor:
        self.seen.append(at_once)
        return in_micro_batches(self._forward, at_once, batch.ids).square().mean()

    def _forward(self, ids: torch.Tensor) -> torch.Tensor:
        if len(ids) > self.room:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
        return self.model(ids)


class Rows(NamedTuple):
    ids: torch.Tensor


def test_a_batch_that_does_not_fit_is_halved_once_and_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    def trained(room: int, at_once: int | None = None) -> tuple[list[float], list[int | None]]:
        torch.manual_seed(1)
        model = torch.nn.Linear(1, 1)
        objective = Roomy(model, room)
        return train(model, objective, Plan(0.01, 3), precision="float32", at_once=at_once), objective.seen

    whole, _ = trained(6)
    halves, seen = trained(3)
    assert halves == pytest.approx(whole, rel=1e-5) and seen == [None, 3, 3, 3]
    assert "out of memory at step 0: continuing with 3 sentences at a time, not 6" in capsys.readouterr().out
    assert trained(2, at_once=2) == (pytest.approx(whole, rel=1e-5), [2, 2, 2])
    with pytest.raises(OutOfMemory, match="out of memory on cpu at step 0 with 3 sentences at a time; lower micro_b"):
        trained(2)


@pytest.mark.parametrize("at_once", [1, 2, 5])
def test_micro_batches_have_the_gradient_of_the_whole_batch(tmp_path: Path, checkpoint: Path, at_once: int) -> None:
    data = TokenData(SENTENCES, [[0, 1, 2], [0, 1, 2], [0, 1]], TAGS)
    tokenizer = WordTokenizer(checkpoint, 32)
    file = linked_file(tmp_path, "de", [("the river ||| der Fluss", "1-1"), ("old market ||| alter Markt", "0-0 1-1")])
    results = []
    for size in (None, at_once):
        torch.manual_seed(5)
        tagger = load(checkpoint, CPU, TAGS).eval()  # without dropout, which is drawn for each micro-batch
        task = TaggingObjective(tagger, tokenizer, data, 3, np.random.default_rng(1))
        realignment = RealignmentObjective(
            base_encoder(tagger), tokenizer, iter([[file[0], file[1]]]), contrastive_loss, layers=[-1, -2]
        )
        loss = step_loss(JointObjective(task, realignment), size)
        loss.backward()
        results.append([loss.detach(), *(weight.grad for weight in tagger.parameters() if weight.grad is not None)])
    for whole, parts in zip(*results, strict=True):
        torch.testing.assert_close(parts, whole, atol=1e-6, rtol=1e-4)


def test_dropout_of_a_micro_batch_is_the_same_when_it_is_computed_again() -> None:
    weight = torch.ones(1000, requires_grad=True)
    dropped = in_micro_batches(lambda row: torch.dropout(row * weight, 0.5, True), 1, torch.ones(2, 1000))
    dropped.sum().backward()
    assert torch.equal(weight.grad, dropped.detach().sum(0)) and 0 < (dropped == 0).sum() < 2000


@pytest.mark.parametrize(
    ("processor", "precision"),
    [
        ({"cpu_name": "Intel Xeon", "avx512_bf16": True, "amx_bf16": True}, "bfloat16"),
        ({"cpu_name": "AMD EPYC", "avx512_bf16": True, "amx_bf16": False}, "bfloat16"),
        ({"cpu_name": "Intel Xeon", "avx512_bf16": True, "amx_bf16": False}, "float32"),
        ({"cpu_name": "AMD EPYC", "avx512_bf16": False, "amx_bf16": False}, "float32"),
        ({"architecture": "arm"}, "float32"),
    ],
)
def test_a_processor_computes_in_bfloat16_where_that_is_faster(
    monkeypatch: pytest.MonkeyPatch, processor: dict[str, object], precision: str
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: processor)
    assert computed_precision(torch.device("cpu"), "auto") == precision
    assert computed_precision(torch.device("cpu"), "bfloat16") == "bfloat16"


def test_batches_are_made_ahead_in_order_and_a_failure_is_raised() -> None:
    def items() -> Iterator[int]:
        yield from range(1, 6)
        raise InputError("line 7")

    made = made_ahead(items())
    assert list(islice(made, 5)) == [1, 2, 3, 4, 5]
    with pytest.raises(InputError, match="line 7"):
        next(made)
    assert list(made_ahead(iter([1]))) == [1]


def test_a_function_reaches_every_tensor_of_a_batch() -> None:
    batch = (Rows(torch.ones(2)), None, (torch.zeros(1),))
    doubled = each_tensor(lambda tensor: tensor + 1, batch)
    assert isinstance(doubled[0], Rows) and doubled[0].ids.tolist() == [2, 2]
    assert doubled[1] is None and doubled[2][0].tolist() == [1]


TAGS = ["DET", "NOUN", "VERB"]
SENTENCES = [["the", "river", "opens"], ["the", "market", "works"], ["the", "museum"]]


def test_fine_tuning_learns_and_repeats_to_the_byte(tmp_path: Path, checkpoint: Path) -> None:
    data = TokenData(SENTENCES, [[0, 1, 2], [0, 1, 2], [0, 1]], TAGS)
    tokenizer = WordTokenizer(checkpoint, 32)
    digests = []
    for name in ("first", "second"):
        torch.manual_seed(31)
        tagger = load(checkpoint, CPU, TAGS)
        objective = TaggingObjective(tagger, tokenizer, data, 2, np.random.default_rng(31))
        train_checkpoint(
            tagger,
            objective,
            Plan(1e-3, 30),
            checkpoint,
            Destination(tmp_path / name, Manifest(model="small", labels=TAGS)),
            Execution(),
            sentences=45,
        )
        digests.append(sha256_of(tmp_path / name / WEIGHTS))
    assert digests[0] == digests[1]
    manifests = [(tmp_path / name / "manifest.json").read_bytes() for name in ("first", "second")]
    assert manifests[0] == manifests[1]
    record = json.loads((tmp_path / "first" / "run.json").read_text())
    assert record["seconds"] > 0 and record["precision"] in ("float32", "bfloat16")
    tagger = load(tmp_path / "first", CPU).eval()
    assert predict(tagger, tmp_path / "first", data, max_length=32, batch_size=2) == data.labels
    assert (tmp_path / "first" / "loss.csv").read_text().count("\n") == 31


def test_a_joint_step_adds_one_realignment_batch_to_the_loss_of_the_task(tmp_path: Path, checkpoint: Path) -> None:
    data = TokenData(SENTENCES, [[0, 1, 2], [0, 1, 2], [0, 1]], TAGS)
    tokenizer = WordTokenizer(checkpoint, 32)
    tagger = load(checkpoint, CPU, TAGS).eval()
    file = linked_file(tmp_path, "de", [("the river ||| der Fluss", "1-1"), ("old market ||| alter Markt", "0-0 1-1")])
    batch = [file[0], file[1]]
    realignment = RealignmentObjective(base_encoder(tagger), tokenizer, iter([batch] * 2), contrastive_loss)
    alone = TaggingObjective(tagger, tokenizer, data, 3, np.random.default_rng(1))
    again = TaggingObjective(tagger, tokenizer, data, 3, np.random.default_rng(1))
    both = step_loss(JointObjective(again, realignment, coefficient=0.5))
    assert both.item() == pytest.approx(step_loss(alone).item() + 0.5 * step_loss(realignment).item(), rel=1e-6)
    both.backward()
    assert base_encoder(tagger).embeddings.word_embeddings.weight.grad.abs().sum() > 0


def unlabelled(sentences: list[list[str]]) -> TokenData:
    return TokenData(sentences, [[0] * len(words) for words in sentences], TAGS)


LONG = ["the", "river", "opens", "the", "old", "market", "the", "museum"]


def test_every_word_of_an_overlong_sentence_is_predicted_from_its_part(checkpoint: Path) -> None:
    torch.manual_seed(5)
    tagger = load(checkpoint, CPU, TAGS).eval()
    short = WordTokenizer(checkpoint, 7)
    parts = [LONG[part] for part in short.split([LONG])[0]]
    assert len(parts) > 1 and short.split([["the", "river"]]) == [[slice(0, 2)]]
    predicted = predict(
        tagger, checkpoint, unlabelled([["the", "river"], LONG, ["the", "museum"]]), max_length=7, batch_size=2
    )
    each = unlabelled([["the", "river"], *parts, ["the", "museum"]])
    alone = predict(tagger, checkpoint, each, max_length=64, batch_size=8)
    assert predicted == [alone[0], sum(alone[1:-1], []), alone[-1]]
    assert None not in predicted[1] and len(predicted[1]) == len(LONG)


def test_training_covers_every_word_of_an_overlong_sentence(checkpoint: Path) -> None:
    torch.manual_seed(5)
    tagger = load(checkpoint, CPU, TAGS).eval()
    labels = [0, 1, 2, 0, 2, 1, 0, 1]
    cut = WordTokenizer(checkpoint, 7)
    whole = TokenData([LONG, ["the"]], [labels, [0]], TAGS)
    slices = cut.split([LONG])[0]
    parts = TokenData([LONG[part] for part in slices] + [["the"]], [labels[part] for part in slices] + [[0]], TAGS)
    with torch.inference_mode():
        losses = [
            step_loss(TaggingObjective(tagger, cut, data, len(data), np.random.default_rng(0))).item()
            for data in (whole, parts)
        ]
        first = TokenData([LONG[slices[0]]], [labels[slices[0]]], TAGS)
        part = step_loss(TaggingObjective(tagger, cut, first, 1, np.random.default_rng(0))).item()
    assert losses[0] == pytest.approx(losses[1], abs=1e-5), "a batch counts sentences and holds all their parts"
    assert losses[0] != pytest.approx(part, abs=1e-4)


def test_an_entity_across_the_parts_of_a_sentence_is_one_entity() -> None:
    names = ["O", "B-PER", "I-PER"]
    data = TokenData([["Anna", "Maria", "Rossi"]], [[1, 2, 2]], names)
    assert count_examples([[1, 2, 2]], data, entity_f1) == [(2, 2)]  # parts are joined before entities are read
    assert count_examples([[1, None, 2]], data, entity_f1) == [(0, 3)]


def test_a_word_without_representation_counts_as_wrong(checkpoint: Path) -> None:
    tagger, sentence = load(checkpoint, CPU, TAGS).eval(), unlabelled([["the", "\u3000", "opens"]])  # a space only
    (predicted,) = predict(tagger, checkpoint, sentence, max_length=16, batch_size=2)
    assert predicted[1] is None and None not in (predicted[0], predicted[2])
    counts = count_examples([[0, 1, None]], TokenData([["the", "river", "opens"]], [[0, 1, 2]], TAGS), accuracy)
    assert counts == [(2, 3)]


def test_steps_round_up_the_last_batch() -> None:
    assert finetuning_steps(sentences=65, batch_size=32, epochs=2) == 6


def test_metrics_are_sums_over_sentences() -> None:
    from seqeval.metrics import f1_score

    true = [["B-PER", "I-PER", "O", "B-LOC"], ["O", "B-ORG", "O"]]
    predicted = [["B-PER", "I-PER", "O", "B-ORG"], ["B-LOC", "B-ORG", "O"]]
    # 2 right (PER, ORG) of 3 true and 4 predicted: F1 = 2·2 / 7
    counts = [entity_f1.count(p, t) for p, t in zip(predicted, true, strict=True)]
    assert counts == [(2, 4), (2, 3)]
    assert metric_value(counts) == pytest.approx(4 / 7) == pytest.approx(f1_score(true, predicted))
    assert accuracy.count(["DET", "NOUN"], ["DET", "VERB"]) == (1, 2)
    assert metric_value([]) == 0.0


def test_task_data_survives_parquet_and_labels_outside_the_set_are_reported(tmp_path: Path) -> None:
    source = Path(__file__).parent / "study" / "pos" / "it.test.conllu"
    sentences, names = list(read(source, UPOS)), list(UPOS)
    write_examples(tmp_path / "test.parquet", sentences, names)
    data = read_examples(tmp_path / "test.parquet")
    assert data.tokens[0] == ["Il", "contadino", "ha", "comprato", "due", "cavalli", "."]
    assert [data.label_names[label] for label in data.labels[0]][:3] == ["DET", "NOUN", "AUX"]
    write_examples(tmp_path / "bad.parquet", sentences, names)
    import pyarrow.parquet as pq

    table = pq.read_table(tmp_path / "bad.parquet").replace_schema_metadata({"label_names": '["ADJ"]'})
    pq.write_table(table, tmp_path / "bad.parquet")
    with pytest.raises(InputError, match="bad.parquet: sentence 1: labels .* do not fit 1 names"):
        read_examples(tmp_path / "bad.parquet")
