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


def add_links(parser: argparse.ArgumentParser) -> None:
    """What links the words of parallel texts in one or several languages."""
    parser.add_argument("--dictionary", type=path, nargs="+", metavar="FILE", help="one for each pair of texts")
    said = "word links in Pharaoh format instead of an aligner, one file for each pair of texts"
    parser.add_argument("--links", type=path, nargs="+", metavar="FILE", help=said)
    add_aligner(parser)
    said = "the source language and that of each target, to split raw sentences into words"
    parser.add_argument("--raw", nargs="+", metavar="LANGUAGE", help=said)


def translations_in(given: argparse.Namespace, texts: Sequence[Path]) -> dict[str, Any]:
    """Parallel texts, a pair for each language, and what links their words, as arguments of a function.

    Raises `InputError` for a text without a translation, and if there is not one thing for each language.
    """
    if len(texts) % 2:
        raise InputError(f"{texts[-1]}: has no translation; texts come in pairs, SOURCE TARGET")
    refuse_two_pipes(*texts, *(given.dictionary or ()), *(given.links or ()))
    sources, targets = texts[::2], texts[1::2]
    first, *languages = given.raw or [None, *(f"{number:03}" for number in range(len(targets)))]

    def by_language(option: str, files: Sequence[Any] | None) -> dict[str, Any] | None:
        if files is None:
            return None
        if len(files) != len(targets):
            raise InputError(f"{option}: found {len(files)}; expected one for each of {len(targets)} pairs of texts")
        return dict(zip(languages, files, strict=True))

    by_language("--raw", languages)
    return {
        "source": by_language("texts", sources),
        "target": by_language("texts", targets),
        "links": by_language("--links", given.links),
        "aligner": given.aligner,
        "dictionary": by_language("--dictionary", given.dictionary),
        "raw": first,
    }


def add_common(parser: argparse.ArgumentParser) -> None:
    """Options that do not change what is computed."""
    parser.add_argument("--threads", type=int, metavar="N", help="threads to compute with (default: the idle cores)")


def add_output(parser: argparse.ArgumentParser, what: str) -> None:
    """Where a text goes."""
    parser.add_argument("-o", "--out", default=STDIN, metavar="FILE", help=f"where {what} go (default: -, stdout)")


def add_settings(
    parser: argparse.ArgumentParser, title: str, fields: Mapping[str, FieldInfo], prefix: str = ""
) -> None:
    """An option for each setting that the parser does not have yet; its name may begin with a prefix."""
    known = set(parser._option_string_actions)
    group = parser.add_argument_group(title)
    for name, field in fields.items():
        flag = "--" + f"{prefix}{name}".replace("_", "-")
        if flag not in known:
            default = "null" if field.default is None else _spelled(field.default)
            said = f"{field.description or ''} (default: {default})".replace("%", "%%")
            shown: dict[str, Any] = {"metavar": name.upper(), **({"nargs": "+"} if _lists(field.annotation) else {})}
            group.add_argument(flag, dest=f"{prefix}{name}", default=argparse.SUPPRESS, help=said, **shown)


def settings_in(given: argparse.Namespace, fields: Mapping[str, FieldInfo], prefix: str = "") -> dict[str, Any]:
    """The settings that a command line gives, read as in a config."""
    return {
        name: _value(getattr(given, f"{prefix}{name}"), field)
        for name, field in fields.items()
        if f"{prefix}{name}" in given
    }


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
