"""The tokenizer of a foreign directory as one `tokenizer.json`: its own as it is, or one made from its vocabulary."""

from pathlib import Path
from typing import TYPE_CHECKING

from realign.encoders.checkpoint import from_folder
from realign.errors import InputError

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from transformers import PreTrainedTokenizerBase


def save_tokenizer(source: Path, folder: Path) -> int:
    """Save the tokenizer of `source` to `folder` as a fast one, and return the highest number of its sub-words.

    A `tokenizer.json` is kept as it is, because the classes of transformers rebuild theirs from the vocabulary and
    their own rules for normalisation. Without one, the classes make it from a SentencePiece model or `vocab.txt`.
    Raises `InputError` when the directory has no vocabulary or only a tokenizer that cannot be made fast.
    """
    from tokenizers import Tokenizer
    from transformers import AutoTokenizer, PreTrainedTokenizerFast

    named = from_folder(AutoTokenizer, source)
    if not named.is_fast:
        raise InputError(f"{source}: no fast tokenizer; add its tokenizer.json")
    own = source / "tokenizer.json"
    tokenizer = Tokenizer.from_file(str(own)) if own.exists() else _converted(named)
    vocabulary = tokenizer.get_vocab()
    if vocabulary.keys() <= set(named.all_special_tokens):  # the classes make an empty one when they find no file
        raise InputError(f"{source}: no tokenizer; add its tokenizer.json, SentencePiece model or vocab.txt")
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        model_max_length=named.model_max_length,
        model_input_names=named.model_input_names,
        **named.special_tokens_map,
    ).save_pretrained(folder)
    tokenizer.save(str(folder / "tokenizer.json"))  # the class may have changed how sentences begin and end
    return int(max(vocabulary.values()))


def _converted(named: "PreTrainedTokenizerBase") -> "Tokenizer":
    """The fast tokenizer that transformers made from a vocabulary, with the normalisation of its SentencePiece model.

    For some families, among them DeBERTa, transformers leaves it out; then a full-width comma, which the model was
    trained to read as a plain one, would be another sub-word.
    """
    from sentencepiece import sentencepiece_model_pb2
    from tokenizers import Tokenizer, normalizers

    tokenizer = Tokenizer.from_str(named.backend_tokenizer.to_str())
    file = str(getattr(named, "vocab_file", None))
    if not file.endswith(".model"):
        return tokenizer
    model = sentencepiece_model_pb2.ModelProto()  # type: ignore[attr-defined]
    model.ParseFromString(Path(file).read_bytes())
    normalisation, others = model.normalizer_spec.precompiled_charsmap, tokenizer.normalizer
    if normalisation and "Precompiled" not in repr(others):
        first = normalizers.Precompiled(normalisation)
        tokenizer.normalizer = normalizers.Sequence([first] if others is None else [first, others])
    return tokenizer
