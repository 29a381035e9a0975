"""Report a mistake in a config in one sentence."""

import difflib
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails, InitErrorDetails, PydanticCustomError


@contextmanager
def prefixed(*path: str) -> Iterator[None]:
    """Put a path before the keys of all errors of a validation inside the block."""
    try:
        yield
    except ValidationError as error:
        details: list[InitErrorDetails] = [
            {
                "type": PydanticCustomError(one["type"], "{message}", {"message": one["msg"]}),
                "loc": (*path, *one["loc"]),
                "input": one["input"],
            }
            for one in error.errors()
        ]
        raise ValidationError.from_exception_data("config", details) from None


def sentence(error: ValidationError, content: object, descriptions: dict[str, str]) -> str:
    """The first error as one sentence; `descriptions` holds the description of every key."""
    first = error.errors()[0]
    path = _keys(first["loc"], content, missing=first["type"] == "missing")
    key = ".".join(path)
    match first["type"]:
        case "extra_forbidden":  # a key may be known elsewhere
            close = difflib.get_close_matches(path[-1], [known for known in descriptions if known != path[-1]], n=1)
            return f"{key}: unknown key" + (f"; did you mean {close[0]!r}?" if close else "")
        case "missing":
            return f"{key}: missing; {descriptions.get(path[-1], 'a required key')}"
        case "union_tag_not_found" | "union_tag_invalid":
            return _sentence_on_tag(key, first)
    message = re.sub(r"^Value error, ", "", first["msg"])
    if not key:
        return message
    return f"{key}: found {first['input']!r}; {message[0].lower() + message[1:]}"


def _sentence_on_tag(key: str, error: ErrorDetails) -> str:
    """What is wrong with the key that decides the kind of an entry, such as `source`."""
    context = error.get("ctx", {})
    tag, expected = str(context["discriminator"]).strip("'"), str(context.get("expected_tags", ""))
    if error["type"] == "union_tag_not_found":
        return f"{key}.{tag}: missing"
    return f"{key}.{tag}: found {context['tag']!r}; expected one of {expected}"


def _keys(location: Sequence[int | str], content: Any, *, missing: bool) -> list[str]:
    """The parts of an error's location that are config keys; the rest, except a missing key, names pydantic's types."""
    path = []
    for number, part in enumerate(location):
        inside = _inside(content, part)
        if inside is _NOTHING and not (missing and number + 1 == len(location)):
            continue
        path.append(str(part))
        content = inside
    return [part for part in path if part != "[key]"]


_NOTHING = object()


def _inside(content: Any, part: int | str) -> Any:
    if isinstance(content, dict) and part in content:
        return content[part]
    if isinstance(content, list) and isinstance(part, int) and part < len(content):
        return content[part]
    return _NOTHING
