"""Sources of data: the lab, your own files, or the hub."""

from functools import reduce
from operator import or_
from typing import Annotated, Any, Literal, Self, TypeGuard

from pydantic import Field, create_model, model_validator

from realign.settings import Language, Section, TaskSettings, template
from realign.sources.registry import BITEXT, CORPORA, FetchedSettings
from realign.tasks.registry import TASKS, Task


class LabSource(Section):
    """The corpus that ships with the project."""

    source: Literal["lab"] = Field(description="`lab`: the corpus in `lab/`")


class LabTask(LabSource, TaskSettings):
    """The lab's data for a task."""


class BitextFiles(Section):
    """Your own bitext: files in fast_align's format, or line-parallel files (Moses)."""

    source: Literal["files"] = Field(description="`files`: your own files, by path pattern")
    pattern: Annotated[str, template("source", "lang", "split", needs=["split"])] | None = Field(
        None, description="path of `source ||| target` files, with `{source}`, `{lang}` and `{split}` (train, test)"
    )
    source_side: Annotated[str, template("source", "lang", "split", needs=["split"])] | None = Field(
        None, description="instead of `pattern`: path of the source side, same fields"
    )
    target_side: Annotated[str, template("source", "lang", "split", needs=["split"])] | None = Field(
        None, description="instead of `pattern`: path of the target side, same fields"
    )

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        moses = (self.source_side is not None, self.target_side is not None)
        if moses != ((False, False) if self.pattern is not None else (True, True)):
            raise ValueError("expected either 'pattern', or both 'source_side' and 'target_side'")
        return self


class DictionaryFiles(Section):
    """Your own dictionaries: two columns, a source word and a target word (MUSE's format)."""

    source: Literal["files"] = Field(description="`files`: your own files, by path pattern")
    pattern: Annotated[str, template("source", "lang")] = Field(
        description="path of the dictionaries, with `{source}` and `{lang}`"
    )


class DictionaryHub(Section):
    """MUSE's dictionaries, by URL."""

    source: Literal["hub"] = Field(description="`hub`: fetched once, then used offline")
    url: Annotated[str, template("source", "lang")] = Field(
        "https://dl.fbaipublicfiles.com/arrival/dictionaries/{source}-{lang}.txt",
        description="URL of a dictionary, with `{source}` and `{lang}`",
    )
    sha256: dict[Language, str] = Field(
        {}, description="expected sha256 by language; a language without one is not checked"
    )


class GoldFiles(Section):
    """Your own hand-made word links, to judge the aligners against."""

    source: Literal["files"] = Field(description="`files`: your own files, by path pattern")
    bitext: Annotated[str, template("source", "lang")] = Field(
        description="path of the linked `source ||| target` sentences, with `{source}` and `{lang}`"
    )
    links: Annotated[str, template("source", "lang")] = Field(
        description="path of their links, same fields; a line per pair, `0-0` for a sure link, `2p1` for a possible one"
    )


def one_of(entries: list[Any], key: str) -> Any:
    """The type of an entry; one of its keys decides which of `entries` it is."""
    return entries[0] if len(entries) == 1 else Annotated[reduce(or_, entries), Field(discriminator=key)]


def hub_entries(offered: str) -> list[Any]:
    """The entries with `source: hub` for bitext or a task: one for each corpus that offers it."""
    return [
        create_model(
            f"Hub {corpus.name}",
            __base__=corpus.settings,
            __doc__=f"{corpus.summary}.",
            dataset=(
                Literal[corpus.name],
                Field(  # type: ignore[arg-type]
                    description=f"`{corpus.name}`"
                ),
            ),
        )
        for corpus in CORPORA
        if corpus.offers == offered
    ]


def _by_source(*local: Any, offered: str) -> Any:
    """The type of an entry: the lab, your own files, or a corpus on the hub."""
    hub = hub_entries(offered)
    return one_of([*local, *([one_of(hub, "dataset")] if hub else [])], "source")


def _task_entry(task: Task) -> Any:
    about = f"Your own data for {task.summary}: {task.formats}."
    files = create_model(f"{task.name} files", __base__=task.files, __doc__=about)
    return _by_source(*([LabTask] if task.lab else []), files, offered=task.name)


HubBitextEntry: Any = one_of(hub_entries(BITEXT), "dataset")
BitextEntry = _by_source(LabSource, BitextFiles, offered=BITEXT)
DictionaryEntry = Annotated[LabSource | DictionaryFiles | DictionaryHub, Field(discriminator="source")]
GoldEntry = Annotated[LabSource | GoldFiles, Field(discriminator="source")]
TaskEntries: type[Section] = create_model(  # type: ignore[call-overload]
    "Tasks",
    __base__=Section,
    __doc__="The tasks, by name; each has a source.",
    **{task.name: (_task_entry(task) | None, Field(None, description=task.summary)) for task in TASKS},
)


def is_hub(entry: object) -> TypeGuard[Any]:
    """Whether an entry is fetched from the hub."""
    return isinstance(entry, FetchedSettings | DictionaryHub)
