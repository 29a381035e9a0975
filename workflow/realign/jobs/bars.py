"""Progress bars: in the log of a job, on a terminal, and nowhere else."""

import sys
from collections.abc import Iterable
from typing import Any

from tqdm import tqdm

from realign.jobs.job import ShortLog


def bar(items: Iterable[Any] | None = None, **options: Any) -> Any:
    """tqdm's bar with the width and the pace of where it is shown; a file or a pipe gets none."""
    if isinstance(sys.stderr, ShortLog):
        return tqdm(items, mininterval=5, ncols=80, **options)
    shown = sys.stderr.isatty() or "ipykernel" in sys.modules
    return tqdm(items, disable=not shown, dynamic_ncols=True, **options)
