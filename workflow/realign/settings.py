"""What all settings have in common: sections that refuse unknown keys, and the types of their values.

A registry defines the settings of its rows with these; `realign.config` puts all sections together.
"""

from collections.abc import Sequence
from string import Formatter
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._]*(-[A-Za-z0-9._]+)*$")]
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}([_-][A-Za-z0-9]+)*$")]
Revision = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][\w.-]*$")]
Label = Annotated[str, StringConstraints(min_length=1, pattern=r"^\S+$")]
Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=1, strict=True)]
Length = Annotated[int, Field(ge=8, strict=True)]
Seed = Annotated[int, Field(ge=0, le=2**32 - 1, strict=True)]


class Section(BaseModel):
    """A part of the config; unknown keys, infinite numbers and NaN are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


def each_once(values: list[Any]) -> list[Any]:
    """A check that no value appears twice."""
    if len(set(values)) != len(values):
        raise ValueError(f"a value appears twice in {values}")
    return values


class TaskSettings(Section):
    """What the entries of all tasks have in common, whatever their source."""

    languages: Annotated[list[Language], Field(min_length=1), AfterValidator(each_once)] | None = Field(
        None, description="target languages to score this task on, if it has no data for the others; null is all"
    )
    methods: Annotated[list[str], AfterValidator(each_once)] | None = Field(
        None, description="which of the experiment's methods to use for this task; null uses all"
    )
    training_sentences: Count | None = Field(
        None,
        description="train on this many examples of the source language, from the beginning; null uses all; with "
        "`source: hub`, `realignment.steps: match` needs the number, unless the corpus's is known",
    )


class NoSettings(Section):
    """There are no settings."""


def template(*fields: str, needs: Sequence[str] = ()) -> AfterValidator:
    """A check that a pattern has no fields except `fields`, and all of `needs`, which distinguish its files."""

    def check(pattern: str) -> str:
        known = ", ".join(f"{{{field}}}" for field in fields)
        try:
            found = {name for _, name, *_ in Formatter().parse(pattern) if name is not None}
        except ValueError:
            raise ValueError(f"expected no fields except {known}") from None
        if found - set(fields):
            raise ValueError(f"expected no fields except {known}")
        if not pattern.strip():
            raise ValueError("expected a path or URL")
        for field in needs:
            if field not in found:
                raise ValueError(f"expected {{{field}}}, without which different data would be read from one file")
        return pattern

    return AfterValidator(check)
