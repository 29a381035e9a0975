"""Write the lab's encoder as an ordinary Hugging Face directory: the first k layers, the vocabulary trimmed or whole.

Keeping the first layers of a pretrained encoder follows Sajjad et al. 2023, "On the effect of dropping layers of
pre-trained transformer models".
"""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

from realign.encoders.e5 import E5File
from realign.errors import InputError

SPECIAL = ("<s>", "<pad>", "</s>", "<unk>", "<mask>")


def build_tokenizer(pieces: list[str], scores: list[float]) -> Tokenizer:
    """A Unigram tokenizer like XLM-R's: NFKC, squeezed spaces, Metaspace, `<s> … </s>`."""
    ids = {piece: number for number, piece in enumerate(pieces)}
    vocabulary = list(zip(pieces, scores, strict=True))
    tokenizer = Tokenizer(models.Unigram(vocabulary, unk_id=ids["<unk>"], byte_fallback=False))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " ")])
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    tokenizer.decoder = decoders.Metaspace(replacement="▁", prepend_scheme="always")
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>",
        pair="<s> $A </s> </s> $B </s>",
        special_tokens=[(piece, ids[piece]) for piece in ("<s>", "</s>")],
    )
    tokenizer.add_special_tokens([piece for piece in SPECIAL if piece in ids])
    return tokenizer


def used_pieces(tokenizer: Tokenizer, words: Iterable[str]) -> set[str]:
    """The pieces that the tokenizer uses for these words; each word is tokenised separately, as in realignment."""
    used: set[str] = set()
    for encoding in tokenizer.encode_batch([[word] for word in sorted(set(words))], is_pretokenized=True):
        used.update(encoding.tokens)
    return used


def kept_ids(pieces: list[str], keep: set[str] | None) -> list[int]:
    """Ascending ids of the pieces to keep: `keep`, all single characters and the special pieces; None keeps all."""
    if keep is None:
        return list(range(len(pieces)))
    return [number for number, piece in enumerate(pieces) if piece in keep or len(piece) == 1 or piece in SPECIAL]


def bert_weights(file: E5File, layers: int, kept: list[int]) -> dict[str, NDArray[np.float32]]:
    """Weights under the names of `BertModel`, without a pooler: embeddings of `kept` rows and the first `layers`."""
    source = file.tensors
    weights = {
        "embeddings.word_embeddings.weight": source["emb.word"][kept],
        "embeddings.position_embeddings.weight": source["emb.pos"],
        "embeddings.token_type_embeddings.weight": source["emb.type"],
        "embeddings.LayerNorm.weight": source["emb.ln.w"],
        "embeddings.LayerNorm.bias": source["emb.ln.b"],
    }
    modules = {
        "q": "attention.self.query",
        "k": "attention.self.key",
        "v": "attention.self.value",
        "ao": "attention.output.dense",
        "aln": "attention.output.LayerNorm",
        "fi": "intermediate.dense",
        "fo": "output.dense",
        "oln": "output.LayerNorm",
    }
    for layer in range(layers):
        for short, module in modules.items():
            for kind, suffix in (("w", "weight"), ("b", "bias")):
                weights[f"encoder.layer.{layer}.{module}.{suffix}"] = source[f"l{layer}.{short}.{kind}"]
    return {name: np.ascontiguousarray(weight) for name, weight in weights.items()}


def write_lab_encoder(file: E5File, folder: Path, layers: int, keep: set[str] | None) -> None:
    """Save config, tokenizer and safetensors weights to `folder`, loadable by `AutoModel` and `AutoTokenizer`.

    Raises `InputError` when `layers` is not between 1 and the file's number of layers.
    """
    from safetensors.numpy import save_file
    from transformers import BertConfig, PreTrainedTokenizerFast

    if not 1 <= layers <= file.layers:
        raise InputError(f"the lab encoder has {file.layers} layers; {layers} cannot be kept")
    kept = kept_ids(file.pieces, keep)
    pieces = [file.pieces[number] for number in kept]
    tokenizer = build_tokenizer(pieces, [file.scores[number] for number in kept])
    folder.mkdir(parents=True, exist_ok=True)
    save_file(bert_weights(file, layers, kept), folder / "model.safetensors", metadata={"format": "pt"})
    BertConfig(
        architectures=["BertModel"],
        vocab_size=len(pieces),
        hidden_size=file.hidden,
        num_hidden_layers=layers,
        num_attention_heads=file.heads,
        intermediate_size=file.feed_forward,
        max_position_embeddings=file.positions,
        type_vocab_size=len(file.tensors["emb.type"]),
        layer_norm_eps=file.epsilon,
        pad_token_id=pieces.index("<pad>"),
        bos_token_id=pieces.index("<s>"),
        eos_token_id=pieces.index("</s>"),
    ).save_pretrained(folder)
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token="<s>",
        eos_token="</s>",
        cls_token="<s>",
        sep_token="</s>",
        unk_token="<unk>",
        pad_token="<pad>",
        mask_token="<mask>",
        model_max_length=file.positions,
        model_input_names=["input_ids", "attention_mask"],
    ).save_pretrained(folder)
