"""The same real encoder in the clothes of other model families, by renaming and shifting its weights."""

import json
import shutil
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from transformers import DistilBertConfig, ModernBertConfig, ModernBertModel, XLMRobertaConfig

from realign.encoders.checkpoint import WEIGHTS

FAMILIES = ("bert", "distilbert", "xlm-roberta", "modernbert")


def write_family(family: str, bert: Path, folder: Path) -> None:
    """The encoder in `bert`, a BERT with XLM-R's vocabulary, as another family's model; ModernBERT gets new weights."""
    folder.mkdir(parents=True)
    for path in bert.glob("tokenizer*"):
        shutil.copy(path, folder)
    config = json.loads((bert / "config.json").read_text(encoding="utf-8"))
    weights = load_file(bert / WEIGHTS)
    {"bert": _bert, "distilbert": _distilbert, "xlm-roberta": _xlm_roberta, "modernbert": _modernbert}[family](
        config, weights, folder
    )


def _save(weights: dict[str, torch.Tensor], folder: Path) -> None:
    save_file({name: weight.contiguous() for name, weight in weights.items()}, folder / WEIGHTS, {"format": "pt"})


def _bert(config: dict, weights: dict[str, torch.Tensor], folder: Path) -> None:
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    _save(weights, folder)


def _distilbert(config: dict, weights: dict[str, torch.Tensor], folder: Path) -> None:
    """DistilBERT has no token types: their one row goes into the positions."""
    DistilBertConfig(
        vocab_size=config["vocab_size"],
        dim=config["hidden_size"],
        n_layers=config["num_hidden_layers"],
        n_heads=config["num_attention_heads"],
        hidden_dim=config["intermediate_size"],
        max_position_embeddings=config["max_position_embeddings"],
        pad_token_id=config["pad_token_id"],
        architectures=["DistilBertModel"],
    ).save_pretrained(folder)
    names = {
        "encoder.layer": "transformer.layer",
        "attention.self.query": "attention.q_lin",
        "attention.self.key": "attention.k_lin",
        "attention.self.value": "attention.v_lin",
        "attention.output.dense": "attention.out_lin",
        "attention.output.LayerNorm": "sa_layer_norm",
        "intermediate.dense": "ffn.lin1",
        "output.dense": "ffn.lin2",
        "output.LayerNorm": "output_layer_norm",
    }
    types = weights.pop("embeddings.token_type_embeddings.weight")[0]
    weights["embeddings.position_embeddings.weight"] = weights["embeddings.position_embeddings.weight"] + types
    renamed = {}
    for name, weight in weights.items():
        for old, new in names.items():
            name = name.replace(old, new)
        renamed[name] = weight
    _save(renamed, folder)


def _xlm_roberta(config: dict, weights: dict[str, torch.Tensor], folder: Path) -> None:
    """XLM-R counts positions from two, after the padding."""
    shift = config["pad_token_id"] + 1
    positions = weights["embeddings.position_embeddings.weight"]
    weights["embeddings.position_embeddings.weight"] = torch.cat([torch.zeros(shift, positions.shape[1]), positions])
    same = ("vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size")
    XLMRobertaConfig(
        **{key: config[key] for key in (*same, "type_vocab_size", "layer_norm_eps", "pad_token_id")},
        bos_token_id=config["bos_token_id"],
        eos_token_id=config["eos_token_id"],
        max_position_embeddings=len(positions) + shift,
        architectures=["XLMRobertaModel"],
    ).save_pretrained(folder)
    _save(weights, folder)


def _modernbert(config: dict, _weights: dict[str, torch.Tensor], folder: Path) -> None:
    torch.manual_seed(7)
    tiny = ModernBertConfig(
        vocab_size=config["vocab_size"],
        hidden_size=64,
        intermediate_size=96,
        num_hidden_layers=3,
        num_attention_heads=4,
        max_position_embeddings=512,
        pad_token_id=config["pad_token_id"],
        bos_token_id=config["bos_token_id"],
        eos_token_id=config["eos_token_id"],
        cls_token_id=config["bos_token_id"],
        sep_token_id=config["eos_token_id"],
    )
    ModernBertModel(tiny).save_pretrained(folder)
