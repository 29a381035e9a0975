"""Every encoder that users name: it is imported, and works in every room, whatever its family calls its parts."""

import json
import pickle
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from sentencepiece import SentencePieceProcessor
from tokenizers import Tokenizer
from transformers import MT5Config, MT5Model, PreTrainedModel

from named_encoders import NAMED, NamedEncoder, copy_named, lab_lines, write_named
from realign.encoders.checkpoint import Manifest, load_encoder, sha256_of, vouched_files, write_manifest
from realign.encoders.importing import import_encoder
from realign.encoders.layers import parameters_of
from realign.encoders.random_weights import draw_weights
from realign.encoders.words import NO_PIECE, WordTokenizer, word_states
from realign.errors import InputError
from realign.realignment.freezing import frozen_parameters
from realign.realignment.head import new_head
from realign.realignment.losses.contrastive import loss as contrastive_loss
from realign.realignment.objective import RealignmentObjective
from realign.tasks.classification import model as classifying
from realign.tasks.classification.data import TextData
from realign.tasks.question_answering import model as answering
from realign.tasks.tagging import model as tagging
from realign.tasks.tagging.data import TokenData
from realign.text.bitext import SentencePair
from study import PROJECT

CPU = torch.device("cpu")
SENTENCES = [line.split() for line in lab_lines(97)]
PAIR = SentencePair(["The", "old", "bridge", "is", "closed", "."], ["El", "viejo", "puente", "está", "cerrado", "."])
LINKED = [(PAIR, [(1, 1), (2, 2), (3, 3), (4, 4)])] * 2
LAYERS = 4
every_encoder = pytest.mark.parametrize("named", NAMED, ids=lambda named: named.name)
BY_NAME = {named.name: named for named in NAMED}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("named")


@pytest.fixture(scope="module")
def originals() -> dict[str, PreTrainedModel]:
    return {}


def raw(named: NamedEncoder, home: Path, originals: dict[str, PreTrainedModel]) -> Path:
    """The directory of an encoder, as the hub has it."""
    folder = home / "raw" / named.name
    if named.name not in originals:
        originals[named.name] = write_named(named, folder)
    return folder


@pytest.fixture
def imported(named: NamedEncoder, home: Path, originals: dict[str, PreTrainedModel]) -> Path:
    """The same directory after the import, with a manifest."""
    source, folder = raw(named, home, originals), home / named.name
    if not folder.exists():
        folder.mkdir()
        import_encoder(source, folder)
        weights = sha256_of(folder / "model.safetensors")
        write_manifest(folder, Manifest(weights_sha256=weights, files=vouched_files(folder), model=named.name))
    return folder


@every_encoder
def test_an_imported_encoder_has_its_weights_as_safetensors_in_float32(
    named: NamedEncoder, imported: Path, originals: dict[str, PreTrainedModel]
) -> None:
    names = {path.name for path in imported.iterdir()}
    assert names == {"config.json", "manifest.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"}
    expected, found = originals[named.name].state_dict(), load_encoder(imported, CPU).state_dict()
    assert set(expected) == set(found)
    for name, tensor in found.items():
        assert tensor.dtype == expected[name].dtype and torch.equal(tensor, expected[name])
    assert any("pooler" in name for name in found) == named.pooler


@every_encoder
def test_words_have_the_pieces_of_running_text_and_begin_with_their_first(imported: Path) -> None:
    tokenizer = WordTokenizer(imported, 512)
    plain = Tokenizer.from_file(str(imported / "tokenizer.json"))
    for words, encoded in zip(SENTENCES, tokenizer.encode(SENTENCES), strict=True):
        text = plain.encode(" ".join(words))
        assert encoded.ids == text.ids
        start = 0
        for word, place in zip(words, encoded.first_pieces, strict=True):
            assert place != NO_PIECE and text.tokens[place] not in ("▁", "Ġ")
            first, last = text.offsets[place]
            assert first <= start < last or text.tokens[place].startswith("<0x"), (word, text.tokens[place])
            start += len(word) + 1


@pytest.mark.parametrize("name", ["XLM-V", "mDeBERTa-v3"])
def test_a_converted_sentencepiece_model_splits_as_sentencepiece_does(
    name: str, home: Path, originals: dict[str, PreTrainedModel], tmp_path: Path
) -> None:
    source = raw(BY_NAME[name], home, originals)
    import_encoder(source, tmp_path)
    converted = Tokenizer.from_file(str(tmp_path / "tokenizer.json"))
    (file,) = source.glob("*.model")
    reference = SentencePieceProcessor(model_file=str(file))
    texts = [*lab_lines(3), "ＡＢＣ　ｄｅｆ ①②", "ﬁne ﷺ ﻻ", "父母 ， 我 ？"]
    for text in texts:
        assert converted.encode(text, add_special_tokens=False).tokens == reference.encode(text, out_type=str)


def test_a_tokenizer_of_its_own_is_kept_as_it_is(
    home: Path, originals: dict[str, PreTrainedModel], tmp_path: Path
) -> None:
    """The class of the family would rebuild it with another normalisation, and Gemma's with another ending."""
    for name in ("mmBERT", "EuroBERT", "mBERT"):
        source = copy_named(raw(BY_NAME[name], home, originals), tmp_path / f"{name} source")
        content = json.loads((source / "tokenizer.json").read_text(encoding="utf-8"))
        content["normalizer"] = {"type": "Sequence", "normalizers": [{"type": "NFKD"}, {"type": "StripAccents"}]}
        (source / "tokenizer.json").write_text(json.dumps(content), encoding="utf-8")
        (tmp_path / name).mkdir()
        import_encoder(source, tmp_path / name)
        found = json.loads((tmp_path / name / "tokenizer.json").read_text(encoding="utf-8"))
        parts = ("model", "normalizer", "pre_tokenizer", "post_processor")
        assert all(found[part] == content[part] for part in parts)


def states(encoder: PreTrainedModel, folder: Path) -> list[torch.Tensor]:
    tokenizer = WordTokenizer(folder, 64)
    batch = tokenizer.collate(tokenizer.encode(SENTENCES[:4]))
    with torch.inference_mode():
        layers = encoder.eval()(input_ids=batch.ids, attention_mask=batch.mask, output_hidden_states=True).hidden_states
    return [word_states(layer, batch.first_pieces)[batch.first_pieces != NO_PIECE] for layer in layers]


@every_encoder
def test_an_encoder_has_the_states_of_its_layers_whole_or_cut(imported: Path) -> None:
    whole, cut = (states(load_encoder(imported, CPU, layers), imported) for layers in (None, 2))
    assert len(whole) == LAYERS + 1 and len(cut) == 4
    for one, other in zip(whole[:3], cut[:3], strict=True):
        torch.testing.assert_close(one, other)
    assert not torch.allclose(whole[1], whole[2])


@every_encoder
@pytest.mark.parametrize("freeze", ["lower", "upper", [0, 2]])
def test_frozen_layers_stay_and_the_others_learn(imported: Path, freeze: str | list[int]) -> None:
    encoder = load_encoder(imported, CPU).train()
    frozen = frozen_parameters(encoder, freeze)
    in_layers = {number: set(parameters_of(encoder, [number])) for number in range(LAYERS + 1)}
    assert all(in_layers.values()) and sum(map(len, in_layers.values())) == len(set().union(*in_layers.values()))
    assert len({len(in_layers[number]) for number in range(2, LAYERS + 1)}) == 1, "the layers are all alike"
    numbers = {"lower": [1, 2], "upper": [3, 4], "[0, 2]": [0, 1, 2]}[str(freeze)]
    assert set(frozen) == set().union(*(in_layers[number] for number in numbers))
    head = new_head(["hidden", 8], encoder.config.hidden_size)
    objective = RealignmentObjective(
        encoder, WordTokenizer(imported, 64), iter([LINKED]), contrastive_loss, head=head, frozen=frozen
    )
    before = {name: parameter.detach().clone() for name, parameter in encoder.named_parameters()}
    objective.loss(objective.prepare(LINKED)).backward()
    torch.optim.SGD([*encoder.parameters(), *head.parameters()], lr=1.0).step()
    moved = {name for name, now in encoder.named_parameters() if not torch.equal(now, before[name])}
    assert not moved & set(frozen)
    for number in set(range(LAYERS + 1)) - set(numbers):
        assert moved & in_layers[number], f"layer {number} learns"


@every_encoder
def test_random_weights_keep_the_architecture_and_follow_from_their_seed(imported: Path, tmp_path: Path) -> None:
    found = []
    for number, seed in enumerate((3, 3, 4)):
        folder = copy_named(imported, tmp_path / str(number))
        draw_weights(folder, seed)
        found.append(load_file(folder / "model.safetensors"))
        assert {path.name for path in folder.iterdir()} == {path.name for path in imported.iterdir()}
        assert vouched_files(folder) == vouched_files(imported)
    kept = load_file(imported / "model.safetensors")
    matrices = [name for name, weight in kept.items() if weight.dim() == 2 and weight.any()]
    for name, weight in kept.items():
        assert torch.equal(found[0][name], found[1][name]) and found[0][name].shape == weight.shape
    assert all(not torch.equal(found[0][name], other[name]) for name in matrices for other in (kept, found[2]))


@every_encoder
def test_an_encoder_takes_a_head_for_words_sentences_and_pairs(imported: Path) -> None:
    tagger = tagging.load(imported, CPU, ["A", "B"]).eval()
    words = TokenData(SENTENCES[:3], [[0] * len(sentence) for sentence in SENTENCES[:3]], ["A", "B"])
    tagged = tagging.predict(tagger, imported, words, max_length=64, batch_size=2)
    assert [len(row) for row in tagged] == [len(sentence) for sentence in SENTENCES[:3]]
    one, other = (" ".join(sentence) for sentence in SENTENCES[:2])
    for second in (other, None):
        texts = TextData([one], [second], [0], ["yes", "no"])
        classifier = classifying.load(imported, CPU, ["yes", "no"])
        objective = classifying.objective(
            classifier, imported, texts, max_length=64, batch_size=1, rng=np.random.default_rng(1)
        )
        objective.loss(objective.prepare([0])).backward()
        weights = dict(classifier.base_model.named_parameters())
        assert any(weight.grad is not None and weight.grad.any() for weight in weights.values())


@every_encoder
def test_an_encoder_answers_questions_or_is_refused_for_them(named: NamedEncoder, imported: Path) -> None:
    if named.family == "eurobert":
        with pytest.raises(InputError, match="no eurobert ForQuestionAnswering; choose another encoder for this task$"):
            answering.load(imported, CPU, [])
        return
    assert answering.load(imported, CPU, []).base_model.config.model_type == named.family


@pytest.fixture
def source(home: Path, originals: dict[str, PreTrainedModel], tmp_path: Path) -> Path:
    """A copy of mBERT's directory, with pickled weights and `vocab.txt`."""
    return copy_named(raw(BY_NAME["AWESOME's mBERT"], home, originals), tmp_path / "source")


def refused(source: Path, said: str) -> None:
    with pytest.raises(InputError, match=said) as error:
        import_encoder(source, source.parent / "imported")
    assert "\n" not in str(error.value)


class Evil:
    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self.mark,)


def test_code_in_pickled_weights_never_runs(source: Path, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    torch.save({"bert.embeddings": Evil(mark)}, source / "pytorch_model.bin")
    refused(source, "source: pytorch_model.bin is damaged or holds more than tensors, and code in it is never run; if")
    (source / "pytorch_model.bin").write_bytes(pickle.dumps(Evil(mark)))
    refused(source, "source: (pytorch_model.bin is damaged|not a loadable)")
    assert not mark.exists(), "the code ran"


def test_pickled_weights_are_not_even_read_beside_safetensors(
    home: Path, originals: dict[str, PreTrainedModel], tmp_path: Path
) -> None:
    folder = copy_named(raw(BY_NAME["LaBSE"], home, originals), tmp_path / "source")
    (folder / "pytorch_model.bin").write_bytes(b"not weights")
    import_encoder(folder, tmp_path)
    assert (tmp_path / "model.safetensors").exists()


def test_missing_pickled_weights_are_reported(source: Path) -> None:
    weights = torch.load(source / "pytorch_model.bin", weights_only=True)
    del weights["bert.encoder.layer.1.output.dense.bias"]
    torch.save(weights, source / "pytorch_model.bin")
    refused(source, "lacks 1 of the tensors that config.json requires: encoder.layer.1.output.dense.bias$")


def test_an_encoder_without_a_vocabulary_is_refused(source: Path) -> None:
    (source / "vocab.txt").unlink()
    refused(source, "source: no tokenizer; add its tokenizer.json, SentencePiece model or vocab.txt$")


def test_multilingual_gte_is_refused_with_the_remedy(source: Path) -> None:
    config = {"model_type": "new", "auto_map": {"AutoModel": "Alibaba-NLP/new-impl--modeling.NewModel"}}
    (source / "config.json").write_text(json.dumps(config))
    refused(
        source,
        "transformers has no model_type 'new', and its own code is never run; choose an encoder of a family that it "
        "has, such as those in docs/encoders.md$",
    )


def test_an_encoder_with_a_decoder_is_refused(source: Path) -> None:
    tiny = MT5Config(vocab_size=1600, d_model=8, d_kv=4, d_ff=8, num_layers=1, num_heads=2)
    (source / "pytorch_model.bin").unlink()
    MT5Model(tiny).save_pretrained(source)
    refused(source, "source: an encoder with a decoder; only encoders alone are supported$")


def test_the_table_in_the_documentation_has_every_encoder_that_is_tested() -> None:
    rows = re.findall(r"^\| ([^|]+?) \|", (PROJECT / "docs/encoders.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert {named.name for named in NAMED} <= set(rows)
