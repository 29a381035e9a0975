"""The corpora on the hub. A new one is a module in `sources/corpora/` and a row here.

The module has `fetch(request)`, which returns raw sentence pairs or labelled examples, and where they come from; see
`realign.sources.requests`. This file is read by the config and by the rules, never by a stage.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from realign.languages import usual
from realign.settings import Count, Label, Language, Revision, Section, TaskSettings, each_once, template
from realign.text.labels import UPOS

BITEXT = "bitext"


class FetchedSettings(Section):
    """The settings of every entry with `source: hub`."""

    source: Annotated[Literal["hub"], Field(description="`hub`: fetched once, then used offline")]

    def part_of(self, language: str) -> str:
        """What a corpus calls the part of its data that this entry reads for a language; see `Corpus.sizes`."""
        return language


class HubSettings(FetchedSettings):
    """The settings of an entry that a repository's revision pins."""

    revision: Revision = Field("main", description="commit, tag or branch; pin a commit so that the data never change")


def usually(column: str) -> AfterValidator:
    """Values by language that a user did not give, from the table of languages."""
    return AfterValidator(lambda given: {**usual(column), **given})


class MaxSentences(Section):
    """What the entries of all bitext from the hub have in common."""

    max_sentences: Count | None = Field(
        None, description="use at most this many training sentence pairs per language, from the beginning"
    )


class BitextSettings(HubSettings, MaxSentences):
    """Parallel sentences from the hub, tokenised by the workflow."""


Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class FileBitextSettings(FetchedSettings, MaxSentences):
    """Parallel sentences in files that have no held-out part."""

    test_sentences: Count = Field(
        2000,
        description="hold out this many sentence pairs, the first ones, to measure alignment; training has the rest",
    )
    sha256: dict[Language, dict[Literal["train", "test"], Sha256]] = Field(
        {},
        description="expected sha256 of the sentence pairs by language and split, `pairs_sha256` in the "
        "`.source.json` beside them; those without one are not checked",
    )


class NllbSettings(FileBitextSettings):
    """NLLB's mined bitext, as far as `max_sentences` asks for."""

    codes: Annotated[dict[Language, str], usually("nllb")] = Field(
        {},
        description="what NLLB calls each language, such as `arb_Arab`; for others, that of `languages.csv`",
        validate_default=True,
    )
    url: Annotated[str, template("pair", needs=["pair"])] = Field(
        "https://storage.googleapis.com/allennlp-data-bucket/nllb/{pair}.gz",
        description="URL of the tab-separated pairs; `{pair}` is both codes in alphabetical order, with a hyphen",
    )


class MosesSettings(FileBitextSettings):
    """Line-parallel files by URL, as far as `max_sentences` asks for; give `url`, or `source_url` and `target_url`."""

    url: Annotated[str, template("source", "lang", "pair", "split")] | None = Field(
        None,
        description="URL of a zip file with both sides, such as OPUS's "
        "`https://object.pouta.csc.fi/OPUS-NLLB/v1/moses/{pair}.txt.zip`; a side's file ends in its language's code; "
        "`{pair}` is both codes in alphabetical order, with a hyphen",
    )
    source_url: Annotated[str, template("source", "lang", "pair", "split")] | None = Field(
        None, description="instead of `url`: URL of the source side, a text file, or gzip if it ends in `.gz`"
    )
    target_url: Annotated[str, template("source", "lang", "pair", "split")] | None = Field(
        None, description="instead of `url`: URL of the target side; with `{split}`, nothing is held out of `train`"
    )
    codes: Annotated[dict[Language, str], usually("opus")] = Field(
        {},
        description="what the files call each language; for others, OPUS's code in `languages.csv`",
        validate_default=True,
    )

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        sides = (self.source_url is not None, self.target_url is not None)
        if sides != ((False, False) if self.url is not None else (True, True)):
            raise ValueError("expected either 'url', or both 'source_url' and 'target_url'")
        if self.url is None and ("{split}" in str(self.source_url)) != ("{split}" in str(self.target_url)):
            raise ValueError("expected {split} in both 'source_url' and 'target_url', or in neither")
        return self


class LabelledSettings(HubSettings, TaskSettings):
    """Labelled data from the hub."""


MasakhaneUrl = Annotated[
    Annotated[str, template("revision", "code", "split")] | None,
    Field(description="URL of Masakhane's files; null uses their own repository"),
]


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


class MasakhanePosSettings(TreebankSettings):
    """MasakhaPOS, and treebanks of Universal Dependencies for the languages that it lacks."""

    treebanks: dict[Language, str] = Field(
        {"en": "UD_English-EWT"}, description="the treebank of each language that MasakhaPOS lacks"
    )
    release: Revision = Field("r2.15", description="the release of these treebanks")
    masakhane_url: MasakhaneUrl = None


class UniversalNerSettings(LabelledSettings):
    """Universal NER, treebank by treebank."""

    revision: Revision = Field("HEAD", description="commit, tag or branch of the treebanks that name none")
    treebanks: dict[Language, str] = Field(
        {},
        description="the treebank of each language, such as `UNER_Danish-DDT`, or with a commit, "
        "`UNER_English-EWT@8ed072de2fd24022cc62458997fe96a8fe191ea4`",
    )
    url: Annotated[str, template("treebank", "revision", "lang", "name", "split")] | None = Field(
        None, description="URL of the files; null uses the treebanks' own repositories"
    )


class MasakhaneNerSettings(UniversalNerSettings):
    """MasakhaNER 2, and treebanks of Universal NER for the languages that it lacks."""

    revision: Revision = Field("main", description="commit, tag or branch of MasakhaNER's repository")
    treebanks: dict[Language, str] = Field(
        {"en": "UNER_English-EWT@8ed072de2fd24022cc62458997fe96a8fe191ea4"},
        description="the treebank of each language that MasakhaNER lacks, with its commit",
    )
    labels: Annotated[list[Label], Field(min_length=1), AfterValidator(each_once)] | None = Field(
        None,
        description="labels to keep; all others become `O`. null keeps PER, LOC and ORG, without MasakhaNER's DATE",
    )
    masakhane_url: MasakhaneUrl = None


class FloresSettings(LabelledSettings):
    """Labelled sentences of FLORES."""

    codes: Annotated[dict[Language, str], usually("nllb")] = Field(
        {},
        description="FLORES's code of each language, such as `arb_Arab`; for others, that of `languages.csv`",
        validate_default=True,
    )


class QuestionsSettings(LabelledSettings):
    """Questions in several languages, with training data from another repository."""

    training_revision: Revision = Field("main", description="`revision` of the repository of the training data")


@dataclass(frozen=True)
class Corpus:
    """A corpus: `offers` is `bitext` or the name of the task that it has labels for."""

    name: str
    module: str
    offers: str
    settings: type[FetchedSettings]
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
    Corpus("nllb", "realign.sources.corpora.nllb", BITEXT, NllbSettings, "NLLB's mined bitext", by_language=("codes",)),
    Corpus(
        "moses", "realign.sources.corpora.moses", BITEXT, MosesSettings, "Moses files by URL", by_language=("codes",)
    ),
    Corpus(
        "xtreme",
        "realign.sources.corpora.xtreme",
        "pos",
        LabelledSettings,
        "XTREME's selection of UD-POS",
        sizes={"en": 21_253},  # as the hub's card of xtreme counts them
    ),
    Corpus("xtreme-r", "realign.sources.corpora.xtreme_r", "pos", LabelledSettings, "XTREME-R's selection of UD-POS"),
    Corpus(
        "ud",
        "realign.sources.corpora.ud",
        "pos",
        UdSettings,
        "Universal Dependencies by treebank",
        by_language=("treebanks",),
        sizes={"UD_English-EWT@r2.7": 12_543},  # dataset_infos.json of the hub's universal_dependencies 2.7.0
    ),
    Corpus(
        "wikiann",
        "realign.sources.corpora.wikiann",
        "ner",
        LabelledSettings,
        "WikiANN's entities",
        sizes={"en": 20_000},  # as the hub's card of wikiann counts them
    ),
    Corpus(
        "masakhapos",
        "realign.sources.corpora.masakhapos",
        "pos",
        MasakhanePosSettings,
        "MasakhaPOS, 20 African languages, with English from Universal Dependencies",
    ),
    Corpus(
        "masakhaner",
        "realign.sources.corpora.masakhaner",
        "ner",
        MasakhaneNerSettings,
        "MasakhaNER 2, 20 African languages, with English from Universal NER",
    ),
    Corpus(
        "universal-ner",
        "realign.sources.corpora.universal_ner",
        "ner",
        UniversalNerSettings,
        "Universal NER by treebank",
        by_language=("treebanks",),
    ),
    Corpus(
        "xnli",
        "realign.sources.corpora.xnli",
        "nli",
        LabelledSettings,
        "XNLI",
        sizes={"en": 392_702},  # MultiNLI's training pairs, as the hub's card of xnli counts them
    ),
    Corpus(
        "paws-x",
        "realign.sources.corpora.paws_x",
        "paws-x",
        LabelledSettings,
        "PAWS-X",
        sizes={"en": 49_401},  # as the hub's card of paws-x counts them
    ),
    Corpus(
        "sib-200",
        "realign.sources.corpora.sib200",
        "topic",
        FloresSettings,
        "SIB-200, the topics of sentences from FLORES-200",
        by_language=("codes",),
    ),
    Corpus(
        "xquad",
        "realign.sources.corpora.xquad",
        "qa",
        QuestionsSettings,
        "XQuAD, after training on SQuAD 1.1",
        sizes={"en": 87_599},  # as the hub's card of squad counts them
    ),
)
"""In the order of the config reference."""
