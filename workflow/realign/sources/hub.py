"""Datasets on the hub: resolve a revision, read one split of a dataset, and name the labels of its rows."""

from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from realign.errors import InputError
from realign.sources.fetching import explained, is_commit, retrying
from realign.sources.requests import LabelledRequest, Provenance

if TYPE_CHECKING:
    from datasets import Dataset

Example = TypeVar("Example")


def resolve(repository: str, revision: str, kind: str = "dataset") -> str:
    """The commit that a revision names."""
    if is_commit(revision):
        return revision
    from huggingface_hub import HfApi

    with explained(repository, revision):
        info = retrying(lambda: HfApi().repo_info(repository, revision=revision, repo_type=kind), repository)
    return str(info.sha)


def read_split(repository: str, configuration: str, split: str, commit: str) -> "Dataset":
    """One split of a configuration; raises `InputError` for one that does not exist, and lists the existing ones."""
    import datasets

    datasets.utils.logging.disable_progress_bar()
    what = f"{repository} ({configuration}, {split})"
    with explained(what, commit):
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


def fetch_file(repository: str, path: str, commit: str) -> Path:
    """The local copy of one file of a dataset's repository; raises `InputError` if the repository has no such file."""
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import EntryNotFoundError, LocalEntryNotFoundError

    what = f"{repository} ({path})"
    with explained(what, commit):
        try:
            return Path(retrying(lambda: hf_hub_download(repository, path, repo_type="dataset", revision=commit), what))
        except LocalEntryNotFoundError:
            raise
        except EntryNotFoundError:
            raise InputError(f"{repository}: has no file {path!r}") from None


def check_columns(dataset: "Dataset", expected: tuple[str, ...], where: str) -> None:
    """Raise `InputError` when a dataset lacks one of these columns."""
    if not set(expected) <= set(dataset.features):
        found = ", ".join(f"{column}: {kind}" for column, kind in dataset.features.items())
        raise InputError(f"{where}: expected columns {', '.join(expected)}, found {found[:300]}")


def fetch_labelled(
    request: LabelledRequest,
    repository: str,
    configuration: str,
    *,
    label_column: str,
    text_columns: tuple[str, ...],
    example: Callable[[dict[str, Any], Callable[[int], str]], Example | None],
) -> tuple[list[Example], Provenance]:
    """The examples of a labelled dataset, and where they come from.

    `example` makes one from a row and a function that names a label; it returns None for a row to leave out. Label
    names come from the data's own schema. Raises `InputError` for missing columns, labels outside `request.labels`,
    or fewer examples than `request.limit`.
    """
    commit = resolve(repository, request.settings["revision"])
    dataset = read_split(repository, configuration, request.split, commit)
    where = f"{repository} ({request.language})"
    names = _label_names(dataset, (*text_columns, label_column), label_column, request.labels, where)

    def name(label: int) -> str:
        if not 0 <= label < len(names):
            raise InputError(f"{where}: label {label} is outside its {len(names)} names")
        return names[label]

    made = (example(row, name) for row in dataset)
    examples = list(islice((one for one in made if one is not None), request.limit))
    check_enough(examples, request.limit, f"{repository} ({request.language}, {request.split})")
    return examples, {"repository": repository, "revision": commit}


def _label_names(
    dataset: "Dataset", expected: tuple[str, ...], label_column: str, labels: tuple[str, ...], where: str
) -> list[str]:
    """The label names in the hub's order; raises `InputError` for missing columns or unknown labels."""
    features = dataset.features
    feature = features.get(label_column)
    names = getattr(getattr(feature, "feature", feature), "names", None)
    if any(column not in features for column in expected) or names is None:
        found = ", ".join(f"{column}: {kind}" for column, kind in features.items())
        raise InputError(f"{where}: expected columns {', '.join(expected)}, found {found[:300]}")
    unknown = sorted(set(names) - set(labels))
    if unknown:
        raise InputError(f"{where}: unknown labels {', '.join(unknown)}")
    return list(names)


def check_enough(examples: list[Any], limit: int | None, what: str) -> None:
    """Raise `InputError` when there is no example, or fewer than the config's `training_sentences`."""
    if not examples:
        raise InputError(f"{what}: no sentences")
    if limit is not None and len(examples) < limit:
        raise InputError(f"{what}: has {len(examples)} sentences, but training_sentences in the config is {limit}")
