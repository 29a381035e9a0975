"""Settings of a call: the keys and defaults of the config, because a call is an experiment with one cell."""

import inspect
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, TypeVar

from pydantic.fields import FieldInfo

from realign.aligners.registry import ALIGNERS, Aligner
from realign.config.methods import BASELINE, IDLE, Realignment, When
from realign.config.reading import read_config
from realign.config.whole import Config, Finetuning, Measurement, Storage
from realign.errors import InputError
from realign.experiment.experiment import Experiment
from realign.experiment.project import project_folder
from realign.realignment.registry import LOSSES
from realign.tasks.registry import KINDS, TASKS, Kind, Task

Call = TypeVar("Call", bound=Callable[..., Any])
Fields = Mapping[str, FieldInfo]

MODEL, METHOD = "model", "call"
"""The names of the one model and the one method of a call."""
SEED = 0


def _without(fields: Fields, *names: str) -> dict[str, FieldInfo]:
    return {name: field for name, field in fields.items() if name not in names}


PRECISION: Fields = {"precision": Config.model_fields["precision"]}
DTYPE: Fields = {"dtype": Storage.model_fields["dtype"]}
MEASURING: Fields = {**_without(Measurement.model_fields, "aligner"), **PRECISION}
REALIGNING: Fields = {
    **_without(Realignment.model_fields, "languages", *IDLE["before"]),
    **{name: field for row in LOSSES for name, field in row.settings.model_fields.items()},
    **PRECISION,
    **DTYPE,
}
JOINT: Fields = _without(REALIGNING, *IDLE["during"], *PRECISION, *DTYPE) | {
    name: Realignment.model_fields[name] for name in IDLE["before"]
}
FINETUNING: Fields = {**Finetuning.model_fields, **PRECISION, **DTYPE}
SCORING: Fields = {name: Measurement.model_fields[name] for name in ("max_length", "batch_size")} | dict(PRECISION)


def aligner_fields(row: Aligner) -> Fields:
    """The settings of an aligner, without the name of its encoder, which a call is given itself."""
    return _without(row.settings.model_fields, *(["model"] if row.encoder else []))


def kind_fields(row: Kind) -> Fields:
    """The settings of a kind of task."""
    return row.settings.model_fields if row.settings else {}


LINKING: Fields = {name: field for row in ALIGNERS for name, field in aligner_fields(row).items()} | dict(PRECISION)


def with_settings(fields: Fields) -> Callable[[Call], Call]:
    """Show these settings, with their defaults, in a function's signature in place of its `**settings`."""

    def decorate(function: Call) -> Call:
        signature = inspect.signature(function)
        own = [one for one in signature.parameters.values() if one.kind is not inspect.Parameter.VAR_KEYWORD]
        more = [
            inspect.Parameter(
                name, inspect.Parameter.KEYWORD_ONLY, default=field.get_default(call_default_factory=True)
            )
            for name, field in fields.items()
        ]
        function.__signature__ = signature.replace(parameters=[*own, *more])  # type: ignore[attr-defined]
        return function

    return decorate


def one_cell(
    function: str,
    *,
    task: str | None = None,
    aligner: str | None = None,
    when: When = "before",
    labels: list[str] | None = None,
    aligners: Mapping[str, Any] | None = None,
    realignment: Mapping[str, Any] | None = None,
    finetuning: Mapping[str, Any] | None = None,
    measurement: Mapping[str, Any] | None = None,
    kinds: Mapping[str, Any] | None = None,
    precision: str | None = None,
    dtype: str | None = None,
) -> Experiment:
    """The experiment of one call, from the sections of its config; raises `InputError` for a wrong setting."""
    files = {"source": "files", "pattern": "{lang}.{split}"}
    content: dict[str, Any] = {
        "source_language": "en",
        "target_languages": ["xx"],
        "seeds": [SEED],
        "models": {MODEL: {"source": "files", "path": "."}},
        "methods": {BASELINE: {}},
        "tasks": {task or TASKS[0].name: {**files, **({"labels": labels} if labels else {})}},
        "bitext": {"source": "files", "pattern": "{lang}.{split}"},
        "dictionaries": {"source": "files", "pattern": "{lang}"},
    }
    if realignment is not None:
        for key in sorted({"when", "label", "languages"} & set(realignment)):
            raise InputError(f"{function}: {key}: a call has no such setting; it is a key of methods in a config")
        linked = {} if aligner is None else {"aligner": aligner}
        content["methods"][METHOD] = {"when": when, **linked, **realignment}
        if aligner is not None and aligner_row(aligner).encoder:
            content["aligners"] = {aligner: {"model": MODEL}}  # it computes with the encoder that is trained
    sections = {"aligners": aligners, "finetuning": finetuning, "measurement": measurement, "kinds": kinds}
    content |= {name: dict(section) for name, section in sections.items() if section}
    content |= {"precision": precision} if precision is not None else {}
    content |= {"storage": {"dtype": dtype}} if dtype is not None else {}
    try:
        return Experiment(read_config(content, function), project_folder() / "lab")
    except InputError as error:
        # a call's own words for the places of the config
        said = str(error)
        for place in (f"methods.{METHOD}.", f"tasks.{task}.", "finetuning.", "measurement."):
            said = said.replace(f"{function}: {place}", f"{function}: ")
        raise InputError(said) from None


def split_off(settings: dict[str, Any], *names: str) -> dict[str, Any]:
    """Take the settings with these names out of the others."""
    return {name: settings.pop(name) for name in names if name in settings}


@cache
def aligner_row(name: str) -> Aligner:
    """An aligner by name; raises `InputError` for an unknown one."""
    row = next((row for row in ALIGNERS if row.name == name), None)
    if row is None:
        raise InputError(f"aligner: found {name!r}; expected one of {', '.join(row.name for row in ALIGNERS)}")
    return row


@cache
def task_of(name: str) -> tuple[Task, Kind]:
    """A task by name, and its kind; raises `InputError` for an unknown one."""
    row = next((row for row in TASKS if row.name == name), None)
    if row is None:
        raise InputError(f"task: found {name!r}; expected one of {', '.join(row.name for row in TASKS)}")
    return row, next(kind for kind in KINDS if kind.name == row.kind)
