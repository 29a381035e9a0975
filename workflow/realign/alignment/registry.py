"""The measures of alignment. A new one is a module in `alignment/measures/` and a row here.

The module has `scores(source, target, measures)`, which returns scores by direction and measure for one layer's vectors
of words and of their translations, both [n, hidden]. A module may compute several measures, which then share work. This
file is read by the config and by the rules, never by a stage.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Measure:
    """A measure of alignment, computed by a module."""

    name: str
    module: str
    summary: str
    default: bool = False
    """Whether it is measured by default; a new measure is not, so that adding it re-runs nothing."""


MEASURES = (
    Measure(
        "weak",
        "realign.alignment.measures.retrieval",
        "share of words whose nearest neighbour among the words of the other language is their translation",
        default=True,
    ),
    Measure(
        "strong",
        "realign.alignment.measures.retrieval",
        "share of words whose nearest neighbour among all words of both languages is their translation",
        default=True,
    ),
)
"""In the order of the config reference; figures and titles show the first one that is measured."""
