"""Read a config, and report a mistake in one sentence."""

from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from realign.config.messages import sentence
from realign.config.reference import descriptions
from realign.config.whole import Config
from realign.errors import InputError
from realign.text.files import reading

MOVED = {
    ("aligners", "dictionary", "source"): "dictionaries",
    ("aligners", "fastalign", "fast_align"): "aligners.fastalign.program",
    ("aligners", "fastalign", "atools"): "aligners.fastalign.symmetrizer",
    ("bitext", "max_pairs"): "bitext.max_sentences",
    ("measurement", "max_pairs"): "measurement.max_word_pairs",
}
"""Keys that had another name before version 0.2.0."""


def check_config_file(path: Path) -> None:
    """Raise `InputError` for a config file that is missing, not UTF-8, not YAML, or has a key twice."""
    with reading(path):
        content = path.read_bytes()
    try:
        root = yaml.compose(content.decode("utf-8"), yaml.SafeLoader)
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not UTF-8 ({error.reason})") from None
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        place = f"{path}:{mark.line + 1}" if mark else str(path)
        raise InputError(f"{place}: not YAML ({getattr(error, 'problem', None) or 'nested too deeply'})") from None
    if root is None:
        raise InputError(f"{path}: empty; expected an experiment's config")
    _refuse_doubled_keys(root, path)


def _refuse_doubled_keys(node: yaml.Node, path: Path) -> None:
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            _refuse_doubled_keys(item, path)
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in seen:
                    raise InputError(f"{path}:{key.start_mark.line + 1}: the key {key.value!r} appears twice")
                seen.add(key.value)
            _refuse_doubled_keys(value, path)


def read_config(content: dict[str, Any], where: str = "config") -> Config:
    """Validate a configuration; raises `InputError` with one sentence about the first mistake."""
    for path, now in MOVED.items():
        if _has(content, path):
            raise InputError(f"{where}: {'.'.join(path)}: renamed to {now!r} in version 0.2.0")
    try:
        return Config.model_validate(content)
    except ValidationError as error:
        raise InputError(f"{where}: {sentence(error, content, descriptions())}") from None


def _has(content: Any, path: tuple[str, ...]) -> bool:
    for key in path:
        if not isinstance(content, dict) or key not in content:
            return False
        content = content[key]
    return True
