"""Languages by rule: by family, script or a study's selection, out of the target languages."""

import difflib
from collections.abc import Collection, Iterable
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, create_model, model_validator

from realign.languages import languages, selections
from realign.settings import Language, Section


def _several(value: object) -> object:
    """One value is a list of one."""
    return [value] if isinstance(value, str) else value


def _known(column: str) -> AfterValidator:
    def check(values: list[str]) -> list[str]:
        known = sorted({getattr(facts, column) for facts in languages().values()})
        for value in values:
            if value not in known:
                raise ValueError(f"unknown {column} {value!r}; {_nearest(value, known)}")
        return values

    return AfterValidator(check)


def _nearest(value: str, known: Collection[str]) -> str:
    """What a misspelled name may have meant, whatever its case."""
    folded = {name.casefold(): name for name in known}
    close = difflib.get_close_matches(value.casefold(), folded, n=3, cutoff=0.5)
    return ("the closest are " if close else "expected one of ") + ", ".join([folded[name] for name in close] or known)


def _selection(name: str) -> str:
    if name not in selections():
        raise ValueError(f"unknown selection {name!r}; {_nearest(name, selections())}")
    return name


Names = Annotated[list[str], Field(min_length=1)]
Families = Annotated[Names, BeforeValidator(_several), _known("family")]
Scripts = Annotated[Names, BeforeValidator(_several), _known("script")]


class Exclusion(Section):
    """Languages of these families, of these scripts, and these."""

    family: Families | None = Field(None, description="families, such as `Indo-European`")
    script: Scripts | None = Field(None, description="scripts, such as `Latn`")
    languages: list[Language] = Field([], description="languages")


class _Rule(Section):
    family: Families | None = Field(None, description="families, such as `Turkic`")
    script: Scripts | None = Field(None, description="scripts by their codes, such as `Arab`")
    selection: Annotated[str, AfterValidator(_selection)] | None = Field(
        None, description="a selection of Nguyen et al. 2025, such as `most_family_en_10`"
    )

    @model_validator(mode="after")
    def _something(self) -> "_Rule":
        if not self.model_fields_set:
            raise ValueError("expected at least one of family, script, selection and not")
        return self


LanguageRule: Any = create_model(
    "LanguageRule",
    __base__=_Rule,
    __doc__="The target languages that fit every key.",
    **{"not": (Exclusion | None, Field(None, description="without the languages that fit any key of this"))},  # type: ignore[call-overload]
)


def select(rule: Any, targets: Iterable[str]) -> list[str]:
    """The target languages that a rule selects, sorted.

    Raises `ValueError` for none, a target language of which the rule asks what is not known, and a language of a
    selection that is not among the target languages.
    """
    targets, without = sorted(targets), getattr(rule, "not") or Exclusion()
    chosen = selections()[rule.selection] if rule.selection else targets
    missing = sorted(set(chosen) - set(targets))
    if missing:
        raise ValueError(f"selection {rule.selection!r} has {', '.join(missing)}, which are not among target_languages")
    for column in ("family", "script"):
        asked, refused = getattr(rule, column), getattr(without, column) or []
        if not asked and not refused:
            continue
        unknown = [language for language in chosen if language not in languages()]
        if unknown:
            raise ValueError(f"no {column} is known for {', '.join(unknown)}; list the languages instead")
        found = {language: getattr(languages()[language], column) for language in chosen}
        chosen = [name for name in chosen if found[name] in (asked or found.values()) and found[name] not in refused]
    chosen = sorted(set(chosen) - set(without.languages))
    if not chosen:
        raise ValueError("no target language fits")
    return chosen
