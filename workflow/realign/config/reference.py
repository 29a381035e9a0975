"""The configuration reference in Markdown, made from the sections.

PYTHONPATH=workflow python -m realign.config.reference > docs/config.md
"""

from collections.abc import Iterator
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from realign.config.methods import REALIGNMENTS, Realignment
from realign.config.whole import Config
from realign.settings import Section


def sections(section: type[Section] = Config, path: str = "") -> Iterator[tuple[str, type[Section]]]:
    """All sections with their place in a config, such as `tasks.pos` with `source: files`, in order."""
    yield path, section
    for name, field in section.model_fields.items():
        place = f"{path}.{name}" if path else name
        if field.annotation is Realignment:
            for loss, realignment in REALIGNMENTS.items():
                yield f"{place}`, `loss: {loss}", realignment
            continue
        inner = list(_inner(field.annotation))
        names = ".<name>" if get_origin(field.annotation) is dict else ""
        for one in inner:
            tags = "".join(f"`, `{tag}" for tag in _tags(one)) if len(inner) > 1 else ""
            yield from sections(one, place + names + tags)


def _inner(annotation: Any) -> Iterator[type[Section]]:
    """The sections inside a type."""
    if isinstance(annotation, type) and issubclass(annotation, Section):
        yield annotation
    elif get_origin(annotation) is not Literal:
        arguments = get_args(annotation)
        for argument in arguments[:1] if get_origin(annotation) is Annotated else arguments:
            yield from _inner(argument)


def _tags(section: type[Section]) -> Iterator[str]:
    for key in ("source", "dataset"):
        if key in section.model_fields:
            yield f"{key}: {get_args(section.model_fields[key].annotation)[0]}"


def descriptions() -> dict[str, str]:
    """The description of every key."""
    found: dict[str, str] = {}
    for _, section in sections():
        for name, field in section.model_fields.items():
            found.setdefault(name, field.description or "")
    return found | {key: "see methods" for key in ("when", "aligner", "label") if key not in found}


def reference() -> str:
    """The reference as a whole."""
    lines = [
        "# Configuration reference",
        "",
        "Made from the sections in `workflow/realign/` by `python -m realign.config.reference`; do not edit by hand.",
        "Paths are relative to the folder in which Snakemake runs.",
    ]
    for path, section in sections():
        summary = " ".join((section.__doc__ or "").split())
        lines += ["", f"## {f'`{path}`' if path else 'The top level'}", "", summary, ""]
        if section.model_fields:
            lines += ["| key | default | meaning |", "| --- | --- | --- |"]
        lines += [
            f"| `{name}` | {_default(field)} | {(field.description or '').replace('|', chr(92) + '|')} |"
            for name, field in section.model_fields.items()
        ]
    return "\n".join(lines).rstrip() + "\n"


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    if isinstance(field.default, BaseModel):
        tag = getattr(field.default, "source", None)
        return f"`source: {tag}`" if tag else "see below"
    return f"`{'null' if field.default is None else field.default}`"


if __name__ == "__main__":
    print(reference(), end="")
