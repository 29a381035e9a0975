"""The memory and time that a job requests, which grow with its encoder or inputs, and with each try."""

import os
from collections.abc import Callable
from typing import Any

WEIGHTS = "model.safetensors"


def asking(base: float, per_mb: float = 0) -> Callable[[Any, Any, int], int]:
    """A resource: `base` plus `per_mb` for each MB of the job's encoder, or else of its inputs; times n at try n."""

    def ask(wildcards: Any, input: Any, attempt: int) -> int:  # noqa: ARG001 (Snakemake calls it by these names)
        manifest = input.get("encoder") or input.get("model")
        paths = [manifest.replace("manifest.json", WEIGHTS)] if manifest else input
        size = sum(os.path.getsize(path) for path in paths if os.path.isfile(path))  # noqa: PTH113 (fast)
        return attempt * (round(base) + round(per_mb * size / 1e6))

    return ask
