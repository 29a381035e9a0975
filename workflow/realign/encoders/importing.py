"""Import an encoder from a foreign Hugging Face directory, and refuse what cannot be trusted."""

import json
from pathlib import Path
from pickle import UnpicklingError
from typing import TYPE_CHECKING, Any

from realign.encoders.checkpoint import PICKLED, WEIGHTS, first_of, load_unvouched
from realign.encoders.foreign_tokenizer import save_tokenizer
from realign.errors import InputError

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedModel


def import_encoder(source: Path, folder: Path) -> None:
    """Save the encoder of `source` to `folder`: config, fast tokenizer, one safetensors file in float32.

    Pickled weights are read as tensors alone, and only where there are no others. Raises `InputError` when the
    directory does not load, needs code of its own, has no weights, lacks tensors or has some that are not finite, has
    no tokenizer or more sub-words in it than embeddings, or is not an encoder alone.
    """
    if not any(path for pattern in ("*.safetensors", PICKLED) for path in source.glob(pattern)):
        raise InputError(f"{source}: no safetensors weights, and no pytorch_model.bin")
    _refuse_own_code(source)
    try:
        highest = save_tokenizer(source, folder)
        model = load_unvouched(source)
    except InputError:
        raise
    except UnpicklingError:
        raise InputError(
            f"{source}: pytorch_model.bin is damaged or holds more than tensors, and code in it is never run; if you "
            "trust it, convert it to safetensors"
        ) from None
    except Exception as error:  # any error that the library raises here is about the directory
        raise InputError(f"{source}: not a loadable encoder ({' '.join(str(error).split())[:200]})") from None
    _refuse_bad_numbers(model, source)
    _refuse_short_embeddings(model, highest, source)
    _refuse_decoder(model, source)
    model.save_pretrained(folder, max_shard_size="1TB")


def _refuse_own_code(source: Path) -> None:
    """Refuse a family that transformers does not have, because the directory's own code is never run."""
    from transformers import CONFIG_MAPPING

    config = _read_json(source / "config.json")
    family = config.get("model_type")
    if family not in CONFIG_MAPPING:
        why = "and its own code is never run" if "auto_map" in config else "which is needed to load it"
        raise InputError(
            f"{source / 'config.json'}: transformers has no model_type {family!r}, {why}; choose an encoder of a "
            "family that it has, such as those in docs/encoders.md"
        )


def _read_json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; an encoder's directory needs one") from None
    except (UnicodeDecodeError, ValueError, RecursionError):
        raise InputError(f"{path}: not JSON") from None
    if not isinstance(content, dict):
        raise InputError(f"{path}: expected a JSON object")
    return content


def _refuse_bad_numbers(model: "PreTrainedModel", source: Path) -> None:
    bad = [name for name, tensor in model.state_dict().items() if not tensor.isfinite().all()]
    if bad:
        raise InputError(f"{source / WEIGHTS}: infinite numbers or NaN in {first_of(bad)}")


def _refuse_short_embeddings(model: "PreTrainedModel", highest: int, source: Path) -> None:
    embeddings = _embeddings(model)
    if highest >= embeddings:
        raise InputError(
            f"{source}: the tokenizer has sub-words up to number {highest}, but the encoder has {embeddings} embeddings"
        )


def _embeddings(model: "PreTrainedModel") -> int:
    weight: Tensor = model.get_input_embeddings().weight  # type: ignore[assignment]
    return len(weight)


def _refuse_decoder(model: "PreTrainedModel", source: Path) -> None:
    """Refuse a decoder: no word sees later ones, so changing the last word does not change the state of the first."""
    import torch

    if model.config.is_encoder_decoder:
        raise InputError(f"{source}: an encoder with a decoder; only encoders alone are supported")
    ids = torch.tensor([[4, 5, 6, 7], [4, 5, 6, 8]]) % _embeddings(model)
    with torch.inference_mode():
        states = model.eval()(input_ids=ids, attention_mask=torch.ones_like(ids)).last_hidden_state
    if torch.equal(states[0, 0], states[1, 0]):
        raise InputError(f"{source}: a decoder, in which words do not see later words; only encoders are supported")
