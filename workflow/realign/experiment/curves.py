"""Curves: methods that differ by one number, such as the temperature, in order of that number."""

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from realign.config.methods import IDLE, Method

OTHER_THAN_RESULTS = {"gradient_cosine", "micro_batch_size"}
"""Settings that change no result, or only its rounding."""


@dataclass(frozen=True)
class Curve:
    """The setting by which methods differ, and its value in each method, by name, in ascending order."""

    key: str
    values: dict[str, float]
    name: str

    def params(self) -> dict[str, Any]:
        """The curve as a rule's param."""
        return {"key": self.key, "values": self.values, "name": self.name}


def curves_of(methods: Iterable[Method]) -> list[Curve]:
    """Every curve of at least two methods that realign; those with the same number are drawn once."""
    groups: defaultdict[tuple[str, str], dict[float, Method]] = defaultdict(dict)
    for method in methods:
        settings = _settings(method)
        for key, value in settings.items():
            number = _number(value)
            if number is not None:
                others = {name: other for name, other in settings.items() if name != key}
                groups[key, json.dumps(others, sort_keys=True)].setdefault(number, method)
    return [
        _curve(key, dict(sorted(found.items())))
        for (key, _), found in sorted(groups.items(), key=lambda item: item[0][0])
        if len(found) > 1
    ]


def _settings(method: Method) -> dict[str, Any]:
    """What a method's results depend on; nothing for one that does not realign."""
    if method.when is None:
        return {}
    idle = OTHER_THAN_RESULTS | set(IDLE[method.when])
    settings = method.realignment.model_dump(mode="json", exclude=idle)
    return {**settings, "when": method.when, "aligner": method.aligner}


def _number(value: object) -> float | None:
    """A number, or the only one in a list, such as a layer."""
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _curve(key: str, found: dict[float, Method]) -> Curve:
    labels = [method.label for method in found.values()]
    values = {method.name: number for number, method in found.items()}
    return Curve(key, values, f"{key}: {labels[0]} to {labels[-1]}")
