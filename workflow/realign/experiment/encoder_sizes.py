"""How large an encoder is, from its architecture: known before its weights are fetched."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from realign.encoders.entries import EncoderEntry, FilesEncoder, LabEncoder


@dataclass(frozen=True)
class Shape:
    """The numbers from which a transformer encoder's parameters follow."""

    layers: int
    hidden: int
    inner: int
    """Width of the feed-forward layers."""
    vocabulary: int
    positions: int = 512

    @property
    def embeddings(self) -> int:
        """Parameters of the embeddings, which take no matrix product."""
        return (self.vocabulary + self.positions) * self.hidden

    @property
    def trunk(self) -> int:
        """Parameters of the layers: attention, feed-forward, biases and norms."""
        h, f = self.hidden, self.inner
        return self.layers * (4 * h * h + 2 * h * f + 9 * h + f)

    @property
    def parameters(self) -> int:
        """All parameters of the encoder."""
        return self.embeddings + self.trunk


KNOWN = {
    "distilbert/distilbert-base-multilingual-cased": Shape(6, 768, 3072, 119547),
    "google-bert/bert-base-multilingual-cased": Shape(12, 768, 3072, 119547),
    "aneuraz/awesome-align-with-co": Shape(12, 768, 3072, 119547),
    "FacebookAI/xlm-roberta-base": Shape(12, 768, 3072, 250002, 514),
    "FacebookAI/xlm-roberta-large": Shape(24, 1024, 4096, 250002, 514),
    "facebook/xlm-v-base": Shape(12, 768, 3072, 901629, 514),
    "microsoft/mdeberta-v3-base": Shape(12, 768, 3072, 251000),
    "cis-lmu/glot500-base": Shape(12, 768, 3072, 401145, 514),
    "sentence-transformers/LaBSE": Shape(12, 768, 3072, 501153),
    "intfloat/multilingual-e5-small": Shape(12, 384, 1536, 250037),
    "intfloat/multilingual-e5-base": Shape(12, 768, 3072, 250002, 514),
    "intfloat/multilingual-e5-large": Shape(24, 1024, 4096, 250002, 514),
    "jhu-clsp/mmBERT-small": Shape(22, 384, 1152 * 3 // 2, 256000, 0),
    "jhu-clsp/mmBERT-base": Shape(22, 768, 1152 * 3 // 2, 256000, 0),
    "EuroBERT/EuroBERT-210m": Shape(12, 768, 3072 * 3 // 2, 128256, 0),
}
"""From the `config.json` that each repository publishes."""
GATED = ("modernbert", "eurobert")
"""Families without learned positions, whose feed-forward layers have three matrices: counted as half as wide again."""
LAB_PIECES = 31_634
"""How many sub-words `trim_to: lab` leaves of the lab's encoder; what `study` leaves is not known before it is made."""


def shape_of(name: str, entry: EncoderEntry, results: Path) -> Shape | None:
    """The shape of a config's model, from what is fetched, given or known; None if it is not known before fetching."""
    if isinstance(entry, LabEncoder):
        whole = KNOWN["intfloat/multilingual-e5-small"]
        return Shape(
            entry.layers, whole.hidden, whole.inner, LAB_PIECES if entry.trim_to == "lab" else whole.vocabulary
        )
    folder = Path(entry.path) if isinstance(entry, FilesEncoder) else results / "models" / name
    try:
        return _from_config(json.loads((folder / "config.json").read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None if isinstance(entry, FilesEncoder) else KNOWN.get(entry.name)


def _from_config(config: Mapping[str, Any]) -> Shape:
    """The shape from a `config.json`, whose keys depend on the model family."""

    def first(*keys: str) -> int:
        return int(next(config[key] for key in keys if key in config))

    inner, gated = first("intermediate_size", "hidden_dim"), config.get("model_type") in GATED
    return Shape(
        first("num_hidden_layers", "n_layers"),
        first("hidden_size", "dim"),
        inner * 3 // 2 if gated else inner,
        first("vocab_size"),
        0 if gated else int(config.get("max_position_embeddings", 0)),
    )
