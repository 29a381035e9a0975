"""The inputs of an aligner."""

from dataclasses import dataclass
from pathlib import Path

from realign.encoders.precision import Precision


@dataclass(frozen=True)
class AlignerInputs:
    """The bitext to link, and what else the aligner's row requires; the rest is None or empty."""

    bitext: Path
    context: tuple[Path, ...] = ()
    """More bitext, to be aligned along with it for its statistics."""
    dictionary: Path | None = None
    encoder: Path | None = None
    """A checkpoint directory."""
    threads: int = 1
    precision: Precision = "auto"
