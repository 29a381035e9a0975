"""The corpora on the hub. A new one is a module in `sources/corpora/` and a row here.

The module has `fetch(request)`, which returns raw sentence pairs or labelled examples, and where they come from; see
`realign.sources.requests`. This file is read by the config and by the rules, never by a stage.
"""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from realign.settings import Count, Language, Revision, ScoredLanguages, Section, template

BITEXT = "bitext"


class HubSettings(Section):
    """The settings of every entry with `source: hub`."""

    source: Annotated[Literal["hub"], Field(description="`hub`: fetched once, then used offline")]
    revision: Revision = Field("main", description="commit, tag or branch; pin a commit so that the data never change")


class BitextSettings(HubSettings):
    """Parallel sentences from the hub, tokenised by the workflow."""

    max_sentences: Count | None = Field(
        None, description="use at most this many training sentence pairs per language, from the beginning"
    )


class LabelledSettings(HubSettings, ScoredLanguages):
    """Labelled data from the hub."""

    training_sentences: Count | None = Field(
        None,
        description="train on this many sentences of the source language, from the beginning; null uses all; "
        "`realignment.steps: match` needs the number",
    )


class TreebankSettings(LabelledSettings):
    """Universal Dependencies, treebank by treebank; `revision` is the tag of a release, such as `r2.15`."""

    treebanks: dict[Language, str] = Field({}, description="the treebank of each language, such as `UD_Arabic-PADT`")
    url: Annotated[str, template("treebank", "release", "lang", "name", "split")] | None = Field(
        None, description="URL of the files; null uses the treebanks' own repositories"
    )


@dataclass(frozen=True)
class Corpus:
    """A corpus: `offers` is `bitext` or the name of the task that it has labels for."""

    name: str
    module: str
    offers: str
    settings: type[HubSettings]
    summary: str
    by_language: tuple[str, ...] = ()
    """Settings with a value for each language, which must include every language of the experiment."""


CORPORA = (
    Corpus(
        "opus-100",
        "realign.sources.corpora.opus100",
        BITEXT,
        BitextSettings,
        "OPUS-100; its language pairs with training data all have English on one side",
    ),
    Corpus("xtreme", "realign.sources.corpora.xtreme", "pos", LabelledSettings, "XTREME's selection of UD-POS"),
    Corpus(
        "ud",
        "realign.sources.corpora.ud",
        "pos",
        TreebankSettings,
        "Universal Dependencies by treebank",
        by_language=("treebanks",),
    ),
    Corpus("wikiann", "realign.sources.corpora.wikiann", "ner", LabelledSettings, "WikiANN's entities"),
    Corpus("xnli", "realign.sources.corpora.xnli", "nli", LabelledSettings, "XNLI"),
)
"""In the order of the config reference."""
