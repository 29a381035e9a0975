"""The measures of alignment. A new one is a module in `alignment/measures/` and a row here.

The module has `scores(source, target, measures)`: by direction and measure, the scores of one layer's vectors of words
and of their translations, both [n, hidden]. A module may compute several measures, which then share their work. This
file is read by the config and by the rules, never by a stage.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Measure:
    """A measure of alignment, computed by a module."""

    name: str
    module: str
    summary: str


MEASURES = (
    Measure(
        "weak",
        "realign.alignment.measures.retrieval",
        "share of words whose nearest neighbour among the words of the other language is their translation",
    ),
    Measure(
        "strong",
        "realign.alignment.measures.retrieval",
        "share of words whose nearest neighbour among all words of both languages is their translation",
    ),
)
"""In the order of the reference; figures and titles show the first that is measured."""
