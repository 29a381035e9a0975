"""The sizes of an experiment's models: layers, width, vocabulary, parameters."""

import json
from collections.abc import Iterable
from math import prod
from pathlib import Path

import pandas as pd
from safetensors import safe_open

COLUMNS = ["model", "layers", "hidden", "vocabulary", "parameters", "embedding_parameters"]


def parameters(weights: Path) -> dict[str, int]:
    """Number of parameters of every tensor, from the header of a safetensors file."""
    with safe_open(weights, framework="np") as tensors:
        return {name: prod(tensors.get_slice(name).get_shape()) for name in tensors.keys()}  # noqa: SIM118


def models_table(folders: Iterable[tuple[str, Path]]) -> pd.DataFrame:
    """One row for each (name, Hugging Face directory)."""
    rows = []
    for name, folder in folders:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        sizes = parameters(folder / "model.safetensors")
        rows.append(
            (
                name,
                config.get("num_hidden_layers", config.get("n_layers")),
                config.get("hidden_size", config.get("dim")),
                config["vocab_size"],
                sum(sizes.values()),
                sum(size for tensor, size in sizes.items() if "embeddings" in tensor),
            )
        )
    return pd.DataFrame(rows, columns=COLUMNS).sort_values("model", ignore_index=True)
