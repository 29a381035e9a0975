"""What all settings have in common: sections that refuse unknown keys, and the types of their values.

A registry defines the settings of its rows with these; `realign.config` puts all sections together.
"""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._]*(-[A-Za-z0-9._]+)*$")]
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}([_-][A-Za-z0-9]+)*$")]
Revision = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][\w.-]*$")]
Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=1, strict=True)]
Length = Annotated[int, Field(ge=8, strict=True)]
Seed = Annotated[int, Field(ge=0, le=2**32 - 1, strict=True)]


class Section(BaseModel):
    """A part of the config; unknown keys, infinite numbers and NaN are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class NoSettings(Section):
    """Nothing can be set."""


def template(*fields: str) -> AfterValidator:
    """A check that a pattern has no other fields than these."""

    def check(pattern: str) -> str:
        try:
            pattern.format(**dict.fromkeys(fields, ""))
        except (KeyError, IndexError, ValueError, AttributeError, TypeError):
            known = ", ".join(f"{{{field}}}" for field in fields)
            raise ValueError(f"expected no other fields than {known}") from None
        return pattern

    return AfterValidator(check)
