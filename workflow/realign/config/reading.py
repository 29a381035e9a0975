"""Read a config, and report a mistake in one sentence."""

from typing import Any

from pydantic import ValidationError

from realign.config.errors import sentence
from realign.config.reference import descriptions
from realign.config.whole import Config
from realign.errors import InputError

MOVED = {
    ("aligners", "dictionary", "source"): "dictionaries",
    ("aligners", "fastalign", "fast_align"): "aligners.fastalign.program",
    ("aligners", "fastalign", "atools"): "aligners.fastalign.symmetrizer",
    ("bitext", "max_pairs"): "bitext.max_sentences",
    ("measurement", "max_pairs"): "measurement.max_word_pairs",
}
"""Keys that had another name before version 0.2.0."""


def read_config(content: dict[str, Any], where: str = "config") -> Config:
    """Validate a configuration; raises `InputError` with one sentence about the first mistake."""
    for path, now in MOVED.items():
        if _has(content, path):
            raise InputError(f"{where}: {'.'.join(path)}: renamed to {now!r} in version 0.2.0")
    try:
        return Config.model_validate(content)
    except ValidationError as error:
        raise InputError(f"{where}: {sentence(error, content, descriptions())}") from None


def _has(content: Any, path: tuple[str, ...]) -> bool:
    for key in path:
        if not isinstance(content, dict) or key not in content:
            return False
        content = content[key]
    return True
