"""Options of subcommands: what they share, and one for each setting, with the config's name, meaning and default."""

import argparse
import sys
import types
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, TextIO, Union, get_args, get_origin

import yaml
from pydantic.fields import FieldInfo

from realign.aligners.registry import ALIGNERS
from realign.errors import InputError
from realign.text.files import atomic_writer

STDIN = "-"


def add_bitext(parser: argparse.ArgumentParser) -> None:
    """The texts of a bitext, as two files or as one."""
    parser.add_argument("source", type=path, help="text with a sentence a line, words separated by spaces; - is stdin")
    said = "its translation, line by line; without it, SOURCE has lines of the form `source words ||| target words`"
    parser.add_argument("target", type=path, nargs="?", help=said)


def add_encoder(parser: argparse.ArgumentParser) -> None:
    """The encoder."""
    said = "a Hugging Face directory, a name on the hub such as FacebookAI/xlm-roberta-base, or lab:6"
    parser.add_argument("encoder", help=said)


def add_aligner(parser: argparse.ArgumentParser) -> None:
    """What links the words."""
    names = [row.name for row in ALIGNERS]
    said = "what links the words (default: the one with a dictionary if there is one, else one that needs nothing)"
    parser.add_argument("--aligner", choices=names, help=said)


def add_common(parser: argparse.ArgumentParser) -> None:
    """Options that do not change what is computed."""
    parser.add_argument("--threads", type=int, metavar="N", help="threads to compute with (default: the idle cores)")


def add_output(parser: argparse.ArgumentParser, what: str) -> None:
    """Where a text goes."""
    parser.add_argument("-o", "--out", default=STDIN, metavar="FILE", help=f"where {what} go (default: -, stdout)")


def add_settings(parser: argparse.ArgumentParser, title: str, fields: Mapping[str, FieldInfo]) -> None:
    """An option for each setting that the parser does not have yet."""
    known = set(parser._option_string_actions)
    group = parser.add_argument_group(title)
    for name, field in fields.items():
        flag = "--" + name.replace("_", "-")
        if flag not in known:
            default = "null" if field.default is None else _spelled(field.default)
            said = f"{field.description or ''} (default: {default})".replace("%", "%%")
            many = {"nargs": "+"} if _lists(field.annotation) else {}
            group.add_argument(flag, dest=name, default=argparse.SUPPRESS, metavar=name.upper(), help=said, **many)  # type: ignore[arg-type]


def settings_in(given: argparse.Namespace, fields: Mapping[str, FieldInfo]) -> dict[str, Any]:
    """The settings that a command line gives, read as in a config."""
    return {name: _value(getattr(given, name), field) for name, field in fields.items() if name in given}


def _spelled(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)


def _lists(annotation: Any) -> list[bool]:
    """For each form of a setting but null, whether it is a list; nothing if none is."""
    if get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    union = get_origin(annotation) in (Union, types.UnionType)
    forms = [form for form in (get_args(annotation) if union else [annotation]) if form is not types.NoneType]
    found = [get_origin(get_args(form)[0] if get_origin(form) is Annotated else form) is list for form in forms]
    return found if any(found) else []


def _value(text: str | Sequence[str], field: FieldInfo) -> Any:
    if isinstance(text, str):
        return yaml.safe_load(text)
    values = [yaml.safe_load(one) for one in text]
    return values[0] if len(values) == 1 and (values == [None] or not all(_lists(field.annotation))) else values


def path(text: str) -> Path:
    """A path; `-` is standard input."""
    return Path("/dev/stdin") if text == STDIN else Path(text)


def refuse_two_pipes(*paths: object) -> None:
    """Raise `InputError` if standard input is named twice."""
    if sum(str(one) == "/dev/stdin" for one in paths) > 1:
        raise InputError("-: standard input can be read only once")


@contextmanager
def output(where: str) -> Iterator[TextIO]:
    """Standard output for `-`, or else a file that appears when it is complete."""
    if where == STDIN:
        yield sys.stdout
        return
    with atomic_writer(Path(where)) as out:
        yield out
