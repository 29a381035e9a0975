"""Datasets of the hub: OPUS-100, XTREME's UD-POS, WikiANN and XNLI, each row checked for what the stages expect."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from realign.errors import InputError
from realign.sources.fetching import is_commit, retrying, told
from realign.text.conll import DEFAULT_ENTITY_LABELS, UPOS, TaggedSentence
from realign.text.labelled_pairs import NLI_LABELS, LabelledPair

if TYPE_CHECKING:
    from datasets import Dataset

XTREME_LANGUAGES = {
    "af": "Afrikaans", "ar": "Arabic", "bg": "Bulgarian", "de": "German", "el": "Greek", "en": "English",
    "es": "Spanish", "et": "Estonian", "eu": "Basque", "fa": "Persian", "fi": "Finnish", "fr": "French",
    "he": "Hebrew", "hi": "Hindi", "hu": "Hungarian", "id": "Indonesian", "it": "Italian", "ja": "Japanese",
    "kk": "Kazakh", "ko": "Korean", "mr": "Marathi", "nl": "Dutch", "pt": "Portuguese", "ru": "Russian",
    "ta": "Tamil", "te": "Telugu", "th": "Thai", "tl": "Tagalog", "tr": "Turkish", "ur": "Urdu",
    "vi": "Vietnamese", "yo": "Yoruba", "zh": "Chinese",
}  # fmt: skip
"""XTREME names the languages of its UD-POS in English."""


@dataclass(frozen=True)
class LabelledDataset:
    """A labelled dataset: its repository, how it names a language's configuration, its columns and its labels."""

    repository: str
    configuration: Callable[[str], str]
    text_columns: tuple[str, ...]
    label_column: str
    labels: tuple[str, ...]


DATASETS = {
    "xtreme": LabelledDataset(
        "google/xtreme",
        lambda language: f"udpos.{XTREME_LANGUAGES.get(language, language)}",
        ("tokens",),
        "pos_tags",
        UPOS,
    ),
    "wikiann": LabelledDataset(
        "unimelb-nlp/wikiann", lambda language: language, ("tokens",), "ner_tags", DEFAULT_ENTITY_LABELS
    ),
    "xnli": LabelledDataset("facebook/xnli", lambda language: language, ("premise", "hypothesis"), "label", NLI_LABELS),
}
OPUS100 = "Helsinki-NLP/opus-100"


def resolve(repository: str, revision: str, kind: str = "dataset") -> str:
    """The commit that a revision names."""
    if is_commit(revision):
        return revision
    from huggingface_hub import HfApi

    with told(repository, revision):
        info = retrying(lambda: HfApi().repo_info(repository, revision=revision, repo_type=kind), repository)
    return str(info.sha)


def read_split(repository: str, configuration: str, split: str, commit: str) -> "Dataset":
    """One split of a configuration; raises `InputError` for one that does not exist, and lists those that do."""
    import datasets

    datasets.utils.logging.disable_progress_bar()
    what = f"{repository} ({configuration}, {split})"
    with told(what, commit):
        try:
            return retrying(
                lambda: datasets.load_dataset(repository, configuration, split=split, revision=commit), what
            )
        except ValueError as error:
            if "BuilderConfig" in str(error) or "config name" in str(error).lower():
                names = ", ".join(sorted(datasets.get_dataset_config_names(repository, revision=commit)))
                raise InputError(f"{repository}: has no {configuration!r}; it has {names}") from None
            if "split" in str(error).lower():
                raise InputError(f"{repository} ({configuration}): has no split {split!r} ({error})") from None
            raise


def read_translations(source: str, language: str, split: str, commit: str) -> Iterator[tuple[str, str]]:
    """Stream OPUS-100's raw sentence pairs, source first; its pairs are named in alphabetical order.

    Raises `InputError` for a pair that it does not have (all its pairs with training data have English) or a changed
    column.
    """
    dataset = read_split(OPUS100, "-".join(sorted((source, language))), split, commit)
    columns = set(dataset.features)
    if columns != {"translation"} or not {source, language} <= _languages(dataset):
        raise InputError(
            f"{OPUS100} ({source}, {language}): expected a column 'translation' with {source!r} and {language!r}, "
            f"found {dataset.features}"
        )
    for batch in dataset.iter(batch_size=1000):
        for pair in batch["translation"]:
            yield " ".join((pair[source] or "").split()), " ".join((pair[language] or "").split())


def _languages(dataset: "Dataset") -> set[str]:
    feature = dataset.features["translation"]
    return set(getattr(feature, "languages", None) or (feature if isinstance(feature, dict) else ()))


def read_tagged(name: str, language: str, split: str, commit: str, limit: int | None = None) -> list[TaggedSentence]:
    """The first sentences of a token dataset with label names; the label order is read from the data's own schema."""
    spec = DATASETS[name]
    dataset = read_split(spec.repository, spec.configuration(language), split, commit)
    names = _label_names(dataset, spec, language)
    sentences = []
    for row in islice(dataset, limit):
        labels = [_name(label, names, spec, language) for label in row[spec.label_column]]
        if len(labels) != len(row["tokens"]):
            raise InputError(
                f"{spec.repository} ({language}): a row has {len(row['tokens'])} words, {len(labels)} labels"
            )
        if labels:
            sentences.append(TaggedSentence(list(row["tokens"]), labels))
    return sentences


def read_sentence_pairs(
    name: str, language: str, split: str, commit: str, limit: int | None = None
) -> list[LabelledPair]:
    """The first sentence pairs of a dataset with label names."""
    spec = DATASETS[name]
    dataset = read_split(spec.repository, spec.configuration(language), split, commit)
    names = _label_names(dataset, spec, language)
    return [
        LabelledPair(row["premise"], row["hypothesis"], _name(row[spec.label_column], names, spec, language))
        for row in islice(dataset, limit)
    ]


def _label_names(dataset: "Dataset", spec: LabelledDataset, language: str) -> list[str]:
    """The label names in the hub's order; raises `InputError` for missing columns or labels that are not ours."""
    features = dataset.features
    expected = (*spec.text_columns, spec.label_column)
    feature = features.get(spec.label_column)
    names = getattr(getattr(feature, "feature", feature), "names", None)
    if any(column not in features for column in expected) or names is None:
        found = ", ".join(f"{column}: {kind}" for column, kind in features.items())
        raise InputError(f"{spec.repository} ({language}): expected columns {', '.join(expected)}, found {found[:300]}")
    unknown = sorted(set(names) - set(spec.labels))
    if unknown:
        raise InputError(f"{spec.repository} ({language}): unknown labels {', '.join(unknown)}")
    return list(names)


def _name(label: int, names: list[str], spec: LabelledDataset, language: str) -> str:
    if not 0 <= label < len(names):
        raise InputError(f"{spec.repository} ({language}): label {label} is outside its {len(names)} names")
    return names[label]
