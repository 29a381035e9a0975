"""The encoders that users name, as the hub lays them out: the tokenizer of the family, trained on the lab's text, and a
tiny model with random weights."""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sentencepiece
import torch
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import AutoConfig, AutoModel, AutoModelForMaskedLM, AutoTokenizer, PreTrainedModel

from study import PROJECT

SPLIT = r"[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
TINY = {
    "hidden_size": 16,
    "intermediate_size": 24,
    "num_hidden_layers": 4,
    "num_attention_heads": 2,
    "max_position_embeddings": 80,
}
TINY_DISTILBERT = {"dim": 16, "hidden_dim": 24, "n_layers": 4, "n_heads": 2, "max_position_embeddings": 80}
MDEBERTA = {
    "type_vocab_size": 0,
    "relative_attention": True,
    "position_biased_input": False,
    "pos_att_type": "p2c|c2p",
    "norm_rel_ebd": "layer_norm",
    "share_att_key": True,
    "position_buckets": 16,
    "max_relative_positions": -1,
}
AUTO_MAP = {"AutoConfig": "configuration_eurobert.EuroBertConfig", "AutoModel": "modeling_eurobert.EuroBertModel"}


def lab_lines(step: int = 5) -> list[str]:
    """Every `step`-th line of the lab's bitext, in six languages."""
    files = sorted((PROJECT / "lab/bitext").glob("train.*.txt"))
    return [line for path in files for line in path.read_text(encoding="utf-8").splitlines()[::step]]


def _special(**names: str) -> dict[str, str]:
    return {f"{kind}_token": name for kind, name in names.items()}


def _pieces(folder: Path, name: str, **settings: object) -> None:
    with open(folder / name, "wb") as out:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(lab_lines()),
            model_writer=out,
            vocab_size=1500,
            character_coverage=0.999,
            minloglevel=2,
            num_threads=1,
            **settings,
        )


def xlm_r_pieces(folder: Path) -> dict[str, Any]:
    """XLM-R's SentencePiece model, whose numbers fairseq shifts by one."""
    _pieces(folder, "sentencepiece.bpe.model", unk_id=0, bos_id=1, eos_id=2, pad_id=-1)
    return {"pad_token_id": 1, "bos_token_id": 0, "eos_token_id": 2}


def xlm_r_fast(folder: Path) -> dict[str, Any]:
    """The same as `tokenizer.json`, beside which the hub keeps the SentencePiece model."""
    numbers = xlm_r_pieces(folder)
    (folder / "config.json").write_text('{"model_type": "xlm-roberta"}')
    AutoTokenizer.from_pretrained(folder).save_pretrained(folder)
    return numbers


def deberta_pieces(folder: Path) -> dict[str, Any]:
    """DeBERTa's SentencePiece model, with the special tokens inside, and nothing else."""
    special = {"pad_piece": "[PAD]", "bos_piece": "[CLS]", "eos_piece": "[SEP]", "unk_piece": "[UNK]"}
    _pieces(folder, "spm.model", pad_id=0, bos_id=1, eos_id=2, unk_id=3, **special)
    (folder / "tokenizer_config.json").write_text(json.dumps({"do_lower_case": False, "vocab_type": "spm"}))
    return {"pad_token_id": 0}


def word_pieces(folder: Path) -> dict[str, Any]:
    """BERT's word pieces, as `vocab.txt` alone."""
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=False)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    trainer = trainers.WordPieceTrainer(vocab_size=1500, special_tokens=special, show_progress=False)
    tokenizer.train_from_iterator(lab_lines(), trainer)
    tokenizer.model.save(str(folder))
    (folder / "tokenizer_config.json").write_text(json.dumps({"do_lower_case": False, "model_max_length": 512}))
    return {"pad_token_id": 0}


def word_pieces_fast(folder: Path) -> dict[str, Any]:
    """BERT's word pieces, as `tokenizer.json` beside `vocab.txt`."""
    numbers = word_pieces(folder)
    (folder / "config.json").write_text('{"model_type": "bert"}')
    AutoTokenizer.from_pretrained(folder).save_pretrained(folder)
    return numbers


def gemma_pieces(folder: Path) -> dict[str, Any]:
    """Gemma's pairs of characters: spaces become part of the word after them, and unknown characters become bytes."""
    special = ["<pad>", "<eos>", "<bos>", "<unk>", "<mask>"]
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="never")
    tokens = [*special, *(f"<0x{number:02X}>" for number in range(256))]
    tokenizer.train_from_iterator(
        lab_lines(), trainers.BpeTrainer(vocab_size=1800, special_tokens=tokens, show_progress=False)
    )
    content = json.loads(tokenizer.to_str())
    content["added_tokens"] = content["added_tokens"][: len(special)]
    tokenizer = Tokenizer.from_str(json.dumps(content))
    tokenizer.normalizer = normalizers.Replace(" ", "▁")
    tokenizer.pre_tokenizer = pre_tokenizers.Split(" ", "merged_with_previous")
    tokenizer.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
    numbers = [(name, tokenizer.token_to_id(name)) for name in ("<bos>", "<eos>")]
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<bos> $A <eos>", pair="<bos> $A <eos> $B <eos>", special_tokens=numbers
    )
    tokenizer.save(str(folder / "tokenizer.json"))
    named = _special(pad="<pad>", eos="<eos>", bos="<bos>", unk="<unk>", mask="<mask>", cls="<bos>", sep="<eos>")
    settings = {"tokenizer_class": "GemmaTokenizerFast", "add_bos_token": True, "add_eos_token": False}
    (folder / "tokenizer_config.json").write_text(json.dumps(named | settings))
    ids = {"pad_token_id": 0, "eos_token_id": 1, "bos_token_id": 2}
    return ids | {"cls_token_id": 2, "sep_token_id": 1}


def llama_pieces(folder: Path) -> dict[str, Any]:
    """Llama 3's pairs of bytes, in which only a space marks the beginning of a word; the end of a text is padding."""
    begin, end = "<|begin_of_text|>", "<|end_of_text|>"
    tokenizer = Tokenizer(models.BPE(ignore_merges=True))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(SPLIT), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    trainer = trainers.BpeTrainer(
        vocab_size=1800,
        special_tokens=[begin, end, "<|mask|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(lab_lines(), trainer)
    template = processors.TemplateProcessing(
        single=f"{begin} $A {end}", pair=f"{begin} $A {end} $B {end}", special_tokens=[(begin, 0), (end, 1)]
    )
    tokenizer.post_processor = processors.Sequence([processors.ByteLevel(trim_offsets=True), template])
    tokenizer.save(str(folder / "tokenizer.json"))
    named = _special(bos=begin, eos=end, pad=end, mask="<|mask|>")
    (folder / "tokenizer_config.json").write_text(
        json.dumps(named | {"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": 8192})
    )
    return {"bos_token_id": 0, "eos_token_id": 1, "pad_token_id": 1, "mask_token_id": 2}


@dataclass(frozen=True)
class NamedEncoder:
    """An encoder that a user names: how its tokenizer and its weights lie on the hub."""

    name: str
    family: str
    tokenizer: Callable[[Path], dict[str, Any]]
    settings: dict[str, Any]
    pickled: bool = False
    """Whether the hub has its weights as `pytorch_model.bin` only."""
    half: bool = False
    """Whether they are in 16 bits."""
    pooler: bool = False
    """Whether a pooler was pretrained, and no head."""


NAMED = (
    NamedEncoder("XLM-R", "xlm-roberta", xlm_r_fast, {**TINY, "type_vocab_size": 1}),
    NamedEncoder("mBERT", "bert", word_pieces_fast, TINY),
    NamedEncoder("distilmBERT", "distilbert", word_pieces_fast, TINY_DISTILBERT),
    NamedEncoder("LaBSE", "bert", word_pieces_fast, TINY, pooler=True),
    NamedEncoder("multilingual e5", "xlm-roberta", xlm_r_fast, {**TINY, "type_vocab_size": 1}, pooler=True),
    NamedEncoder("XLM-V", "xlm-roberta", xlm_r_pieces, {**TINY, "type_vocab_size": 1}, pickled=True),
    NamedEncoder("Glot500", "xlm-roberta", xlm_r_pieces, {**TINY, "type_vocab_size": 1}, pickled=True),
    NamedEncoder("mDeBERTa-v3", "deberta-v2", deberta_pieces, {**TINY, **MDEBERTA}, pickled=True, half=True),
    NamedEncoder("mmBERT", "modernbert", gemma_pieces, {**TINY, "max_position_embeddings": 8192}, pickled=True),
    NamedEncoder("EuroBERT", "eurobert", llama_pieces, {**TINY, "max_position_embeddings": 8192, "auto_map": AUTO_MAP}),
    NamedEncoder("AWESOME's mBERT", "bert", word_pieces, TINY, pickled=True),
)


def write_named(encoder: NamedEncoder, folder: Path) -> PreTrainedModel:
    """Write the directory of an encoder as the hub has it, and return the encoder without its head."""
    folder.mkdir(parents=True)
    numbers = encoder.tokenizer(folder)
    vocabulary = len(AutoTokenizer.from_pretrained(_with_type(folder, encoder.family)))
    config = {**encoder.settings, **numbers, "vocab_size": vocabulary + 3, "model_type": encoder.family}
    (folder / "config.json").write_text(json.dumps(config))
    torch.manual_seed(11)
    plain = AutoConfig.from_pretrained(_without_code(folder))
    model = (AutoModel if encoder.pooler else AutoModelForMaskedLM).from_config(plain)
    if encoder.half:
        model = model.half()
    if encoder.pickled:
        torch.save(model.state_dict(), folder / "pytorch_model.bin")
    else:
        model.save_pretrained(folder)
    (folder / "config.json").write_text(json.dumps(config))
    return model.base_model.float()


def _with_type(folder: Path, family: str) -> Path:
    (folder / "config.json").write_text(json.dumps({"model_type": family}))
    return folder


def _without_code(folder: Path) -> Path:
    plain = folder.with_name(f"{folder.name}-config")
    plain.mkdir()
    config = json.loads((folder / "config.json").read_text())
    config.pop("auto_map", None)
    (plain / "config.json").write_text(json.dumps(config))
    return plain


def copy_named(folder: Path, to: Path) -> Path:
    """A copy of a directory, to be damaged."""
    shutil.copytree(folder, to)
    return to
