"""Recipes: realignment settings as a part of a path, so that methods with the same settings share their encoders."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from realign.config.methods import SENTENCE, Realignment
from realign.realignment.registry import LOSSES


@dataclass(frozen=True)
class Recipe:
    """How an encoder is realigned before fine-tuning: with whose links, how many steps and which settings.

    `settings` includes the learning rate for this model. `languages` are the languages to realign on, sorted.
    """

    aligner: str | None
    """None where sentences are realigned."""
    steps: int
    settings: Realignment
    languages: tuple[str, ...]

    @property
    def name(self) -> str:
        """Aligner, steps, and a digest of the settings that differ from the defaults.

        A new setting with a default changes no name. Neither does the order of the languages, or whether the config
        lists them or says `all`.
        """
        differing = self.settings.model_dump(exclude_defaults=True, exclude={"steps", "coefficient", "gradient_cosine"})
        differing["languages"] = self.languages
        digest = hashlib.sha256(json.dumps(differing, sort_keys=True).encode()).hexdigest()
        return f"{self.aligner or SENTENCE}-{self.steps}-{digest[:8]}"

    def params(self) -> dict[str, Any]:
        """Settings of realignment before fine-tuning."""
        return {
            **objective_params(self.settings),
            "learning_rate": self.settings.learning_rate,
            "max_gradient_norm": self.settings.max_gradient_norm,
            "steps": self.steps,
        }


def objective_params(settings: Realignment) -> dict[str, Any]:
    """Settings of the objective, before and during fine-tuning."""
    loss = next(row for row in LOSSES if row.name == settings.loss)
    return {
        "loss": loss.module,
        "loss_settings": settings.loss_settings(),
        "batch_size": settings.batch_size,
        "max_length": settings.max_length,
        "layers": settings.layers,
        "unit": settings.unit,
        "head": settings.head,
        "freeze": settings.freeze,
        "regularise_to_start": settings.regularise_to_start,
        "micro_batch_size": settings.micro_batch_size,
    }


def loss_module(settings: Realignment) -> str:
    """The module of a realignment's loss."""
    return next(row.module for row in LOSSES if row.name == settings.loss)
