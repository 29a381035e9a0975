"""Realign: measure and train cross-lingual alignment of multilingual encoders, and relate it to transfer.

`links`, `measure`, `realign`, `during`, `finetune` and `score` are functions on files, lists and loaded models; the
rooms below are what they and the workflow are made of.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from realign.api.linking import links as links
    from realign.api.measuring import measure as measure
    from realign.api.realigning import during as during
    from realign.api.realigning import realign as realign
    from realign.api.tasks import finetune as finetune
    from realign.api.tasks import score as score
    from realign.errors import InputError as InputError

__version__ = "0.2.0"

_MODULES = {
    "links": "realign.api.linking",
    "measure": "realign.api.measuring",
    "realign": "realign.api.realigning",
    "during": "realign.api.realigning",
    "finetune": "realign.api.tasks",
    "score": "realign.api.tasks",
    "InputError": "realign.errors",
}
__all__ = ["InputError", "__version__", "during", "finetune", "links", "measure", "realign", "score"]


def __getattr__(name: str) -> Any:
    """A function of the library, imported when it is first used, because the workflow is parsed without its parts."""
    if name not in _MODULES:
        raise AttributeError(f"module 'realign' has no attribute {name!r}")
    return getattr(import_module(_MODULES[name]), name)
