"""The measures of alignment. A new one is a module in `alignment/measures/` and a row here.

The module has `scores(pairs, measures)`, which returns scores [sets] by direction and measure for one layer's vectors
of words and of their translations (`realign.alignment.pairs.Pairs`), or of sentences and theirs. A module may compute
several measures, which then share work. This file is read by the config and by the rules, never by a stage.
"""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Measure:
    """A measure of alignment, computed by a module."""

    name: str
    module: str
    summary: str
    default: bool = False
    """Whether it is measured by default; a new measure is not, so that adding it re-runs nothing."""
    unit: Literal["word", "sentence"] = "word"
    """What is compared: linked words, or sentences, which need no aligner."""


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
    Measure("csls", "realign.alignment.measures.hubness", "weak retrieval by CSLS, which corrects for hubs (k = 10)"),
    Measure("margin", "realign.alignment.measures.hubness", "weak retrieval by the ratio margin (k = 4)"),
    Measure("cka", "realign.alignment.measures.cka", "linear centred kernel alignment"),
    Measure("anc", "realign.alignment.measures.neurons", "average neuron-wise correlation"),
    Measure(
        "contrast",
        "realign.alignment.measures.contrast",
        "mean cosine of translations, less that of words that are not",
    ),
    Measure(
        "mexa",
        "realign.alignment.measures.mexa",
        "share of sentences that are their translation's nearest neighbour and the reverse (MEXA), without an aligner",
        unit="sentence",
    ),
)
"""In the order of the config reference; figures and titles show the first one that is measured."""
