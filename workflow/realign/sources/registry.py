"""The corpora on the hub. A new one is a module in `sources/corpora/` and a row here.

The module has `fetch(request)`, which returns raw sentence pairs or labelled examples, and where they come from; see
`realign.sources.requests`. This file is read by the config and by the rules, never by a stage.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from realign.languages import usual
from realign.settings import Count, Language, Revision, ScoredLanguages, Section, template
from realign.text.labels import UPOS

BITEXT = "bitext"


class HubSettings(Section):
    """The settings of every entry with `source: hub`."""

    source: Annotated[Literal["hub"], Field(description="`hub`: fetched once, then used offline")]
    revision: Revision = Field("main", description="commit, tag or branch; pin a commit so that the data never change")

    def part_of(self, language: str) -> str:
        """What a corpus calls the part of its data that this entry reads for a language; see `Corpus.sizes`."""
        return language


def usually(column: str) -> AfterValidator:
    """Values by language that a user did not give, from the table of languages."""
    return AfterValidator(lambda given: {**usual(column), **given})


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
        "`realignment.steps: match` needs the number, unless the corpus's is known",
    )


class TreebankSettings(LabelledSettings):
    """Universal Dependencies, treebank by treebank; `revision` is the tag of a release, such as `r2.15`."""

    treebanks: dict[Language, str] = Field({}, description="the treebank of each language, such as `UD_Arabic-PADT`")
    url: Annotated[str, template("treebank", "release", "lang", "name", "split")] | None = Field(
        None, description="URL of the files; null uses the treebanks' own repositories"
    )


class UdSettings(TreebankSettings):
    """Universal Dependencies, treebank by treebank."""

    revision: Revision = Field("r2.7", description="the tag of a release, such as `r2.15`")
    treebanks: Annotated[dict[Language, str], usually("treebank")] = Field(
        {},
        description="the treebank of each language, such as `UD_Arabic-PADT`; for others, that of `languages.csv`",
        validate_default=True,
    )
    multiword_tokens: bool = Field(
        False,
        description="read every line of a sentence, also multiword tokens such as `don't`, labelled `_`, before their "
        "words, as in the data of ACL 2023 and AlignFreeze; they count in the accuracy",
    )

    @property
    def labels(self) -> list[str] | None:
        """The labels that are not those of the task."""
        return [*UPOS, "_"] if self.multiword_tokens else None

    def part_of(self, language: str) -> str:
        """The treebank and its release; nothing is known of files from elsewhere."""
        return f"{self.treebanks.get(language)}@{self.revision}" if self.url is None else ""


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
    sizes: Mapping[str, int] = field(default_factory=dict)
    """Known numbers of training examples by `part_of`, so that steps are known before anything is fetched."""


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
        UdSettings,
        "Universal Dependencies by treebank",
        by_language=("treebanks",),
        sizes={"UD_English-EWT@r2.7": 12_543},  # dataset_infos.json of the hub's universal_dependencies 2.7.0
    ),
    Corpus("wikiann", "realign.sources.corpora.wikiann", "ner", LabelledSettings, "WikiANN's entities"),
    Corpus("xnli", "realign.sources.corpora.xnli", "nli", LabelledSettings, "XNLI"),
)
"""In the order of the config reference."""
