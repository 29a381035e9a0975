"""The library of word alignment models, or one sentence where it cannot be installed."""

from importlib import import_module
from typing import Any

from realign.errors import InputError


def thot(module: str) -> Any:
    """A module of the package sil-thot; raises `InputError` where it has no wheel, such as on aarch64 Linux."""
    try:
        return import_module(f"thot.{module}")
    except ImportError:
        raise InputError(
            "the package sil-thot is not installed, and has no wheel for every platform; name the original programs in "
            "aligners.fastalign, or use another aligner"
        ) from None
