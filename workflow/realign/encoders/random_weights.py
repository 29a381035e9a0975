"""Random weights in place of pretrained ones, as the control that shows what pretraining brings."""

from pathlib import Path
from typing import Any

from realign.encoders.checkpoint import from_folder, pooler_option


def draw_weights(folder: Path, seed: int) -> None:
    """Replace the weights of an encoder that is being made by random ones, from its family's own initialisation.

    Its architecture and its tokenizer stay. The same seed gives the same weights.
    """
    import torch
    from transformers import AutoConfig, AutoModel

    config = from_folder(AutoConfig, folder)
    options: dict[str, Any] = dict(pooler_option(folder))
    torch.manual_seed(seed)
    model = AutoModel.from_config(config, dtype=torch.float32, **options)
    model.save_pretrained(folder, max_shard_size="1TB")
