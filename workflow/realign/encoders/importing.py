"""Import an encoder from a user's Hugging Face directory."""

from pathlib import Path

from realign.encoders.checkpoint import pooler_option
from realign.errors import InputError


def import_encoder(source: Path, folder: Path) -> None:
    """Save the encoder of `source` to `folder`: config, fast tokenizer, one safetensors file in float32.

    Raises `InputError` when the directory does not load, has only pickled weights, or has no fast tokenizer.
    """
    import torch
    from transformers import AutoModel, AutoTokenizer
    from transformers.utils import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()
    if not any(source.glob("*.safetensors")):
        raise InputError(f"{source}: no safetensors weights; convert the model with save_pretrained first")
    try:
        tokenizer = AutoTokenizer.from_pretrained(source, local_files_only=True)
        model = AutoModel.from_pretrained(
            source,
            local_files_only=True,
            trust_remote_code=False,
            use_safetensors=True,
            dtype=torch.float32,
            **pooler_option(source),
        )
    except Exception as error:  # whatever a foreign directory makes the library raise is about that directory
        raise InputError(f"{source}: not a loadable encoder ({' '.join(str(error).split())[:200]})") from None
    if not tokenizer.is_fast:
        raise InputError(f"{source}: no fast tokenizer; add its tokenizer.json")
    tokenizer.save_pretrained(folder)
    model.save_pretrained(folder, max_shard_size="1TB")
