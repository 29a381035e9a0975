"""The losses of realignment. A new one is a module in `realignment/losses/` and a row here, with its settings.

The module has `loss(words, links, is_source, **settings)`, a scalar: `words` is [n, hidden], `links` [p, 2] holds the
indices of linked source and target words, `is_source` is [n]. The settings are keys of `realignment` and of methods.
This file is read by the config and by the rules, never by a stage.
"""

from dataclasses import dataclass
from typing import Literal

from pydantic import Field

from realign.settings import NoSettings, Positive, Section


class ContrastiveSettings(Section):
    """Contrastive loss over the words of a batch."""

    temperature: Positive = Field(0.1, description="τ of the contrastive loss")
    strength: Literal["weak", "strong"] = Field(
        "strong", description="candidates: all words of the batch (strong), or those of the other language (weak)"
    )


@dataclass(frozen=True)
class Loss:
    """A loss between linked words."""

    name: str
    module: str
    summary: str
    settings: type[Section] = NoSettings


LOSSES = (
    Loss(
        "contrastive",
        "realign.realignment.losses.contrastive",
        "translations against all other words of the batch (Wu and Dredze 2020)",
        ContrastiveSettings,
    ),
    Loss("l2", "realign.realignment.losses.l2", "squared distance of translations (Cao et al. 2020)"),
)
"""The first one is the default."""
