"""Whether task and realignment pull an encoder the same way: the cosine between their gradients, over training."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from realign.analysis.tables import read_table

KEYS = ["model", "method", "realigned_for", "task", "seed"]


def gradients_table(logs: Sequence[tuple[str, str, str | None, str, int, str]]) -> pd.DataFrame:
    """Every logged cosine, from the loss curves of trainings: model, method, language if any, task, seed and file."""
    parts = []
    for *about, path in logs:
        curve = read_table(Path(path))[["step", "gradient_cosine"]].dropna()
        parts.append(curve.assign(**dict(zip(KEYS, about, strict=True))))
    return pd.concat(parts)[[*KEYS, "step", "gradient_cosine"]].rename(columns={"gradient_cosine": "cosine"})
