"""Checkpoint directories: an ordinary Hugging Face directory, a manifest that vouches for it, a record of the run.

The manifest holds only what follows from the inputs, so that a stage which reproduces its weights reproduces its
manifest too, and nothing downstream runs again. What differs from run to run (seconds, device, precision) is in
`run.json`.
"""

import inspect
import os
import re
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, ValidationError

from realign.errors import InputError
from realign.text.files import record_sum, sha256_of, sum_of, umask, verify

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel

MANIFEST = "manifest.json"
WEIGHTS = "model.safetensors"
PICKLED = "pytorch_model*.bin"
"""Weights of foreign directories that have no safetensors; they are read as tensors alone, and never written."""
RUN_RECORD = "run.json"
LOSSES = "loss.csv"
TOKENIZER_FILES = ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json")


class Manifest(BaseModel):
    """What a checkpoint is and what it was made from."""

    model_config = ConfigDict(extra="forbid")

    weights_sha256: str = ""
    files: dict[str, str] = {}
    """sha256 of config and tokenizer files."""
    model: str
    method: str = "pretrained"
    task: str | None = None
    labels: list[str] | None = None
    seed: int | None = None
    steps: int = 0
    realignment: dict[str, Any] | None = None
    """Settings of realignment; for a realigned encoder, also the name of its recipe."""
    origin: str | None = None
    """Where a fetched encoder came from, `owner/name@commit`."""
    inputs: dict[str, str] = {}
    """sha256 of every input file, by its path under `results/`, or by its name if it is elsewhere."""
    versions: dict[str, str] = {}


class RunRecord(BaseModel):
    """Statistics of the run that made a checkpoint; never an input of another stage."""

    seconds: float
    seconds_to_first_batch: float
    sentences: int
    sentences_per_second: float
    device: str
    precision: str
    """`float32` or `bfloat16`; never `auto`."""
    threads: int


def library_versions() -> dict[str, str]:
    """Versions of the libraries that determine the bytes of a checkpoint."""
    return {name: version(name) for name in ("torch", "transformers", "tokenizers")}


@contextmanager
def new_checkpoint(folder: Path) -> Iterator[Path]:
    """A temporary directory whose files move into `folder` when the block ends without an error, manifest last."""
    for left in folder.parent.glob(".*.tmp"):
        if re.fullmatch(rf"\.{re.escape(folder.name)}\.\d+\.tmp", left.name):  # by a job that was killed
            shutil.rmtree(left)
    temporary = folder.with_name(f".{folder.name}.{os.getpid()}.tmp")
    temporary.mkdir(parents=True)
    try:
        yield temporary
        folder.mkdir(parents=True, exist_ok=True)
        for path in sorted(temporary.iterdir(), key=lambda path: path.name == MANIFEST):
            path.chmod(0o666 & ~umask())  # safetensors makes its files readable only by the user
            if path.name in (MANIFEST, LOSSES, RUN_RECORD):  # the manifest vouches for the rest
                record_sum(folder / path.name, sha256_of(path))
            os.replace(path, folder / path.name)
    finally:
        for place in filter(None, (temporary, sum_of(temporary))):
            shutil.rmtree(place, ignore_errors=True)


def write_manifest(folder: Path, manifest: BaseModel, name: str = MANIFEST) -> None:
    """Write a manifest or run record as indented JSON."""
    (folder / name).write_text(manifest.model_dump_json(indent=2, exclude_none=True) + "\n", encoding="utf-8")


def write_pretrained_manifest(
    folder: Path, model: str, inputs: Iterable[str], origin: str | None = None, init_seed: int | None = None
) -> None:
    """Write the manifest of an encoder that no stage has trained yet; `init_seed` is that of random weights.

    Of its `inputs`, those outside `results/` are named without their folder; no two of these may have the same name.
    """
    names = {path: path if path.startswith("results/") else Path(path).name for path in inputs}
    fingerprints = {name: sha256_of(Path(path)) for path, name in names.items()}
    manifest = Manifest(
        weights_sha256=sha256_of(folder / WEIGHTS),
        files=vouched_files(folder),
        model=model,
        method="pretrained" if init_seed is None else "random",
        seed=init_seed,
        origin=origin,
        inputs=fingerprints,
        versions=library_versions(),
    )
    write_manifest(folder, manifest)


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a checkpoint; raises `InputError` if a file that it vouches for is missing or differs."""
    path = folder / MANIFEST
    again = f"delete {path} and run again to remake the checkpoint"
    verify(path)
    try:
        manifest = Manifest.model_validate_json(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; the checkpoint is missing or unfinished") from None
    except (ValidationError, UnicodeDecodeError):
        raise InputError(f"{path}: damaged: it is not a manifest; {again}") from None
    for name, expected in {WEIGHTS: manifest.weights_sha256, **manifest.files}.items():
        file = folder / name
        if not file.exists():
            raise InputError(f"{file}: missing beside its manifest; {again}")
        if sha256_of(file) != expected:
            raise InputError(f"{file}: corrupted; its sha256 is not the one in {path}; {again}")
    return manifest


def vouched_files(folder: Path) -> dict[str, str]:
    """sha256 of the files that a later stage reads beside the weights: config and tokenizer."""
    return {name: sha256_of(folder / name) for name in ("config.json", *TOKENIZER_FILES) if (folder / name).exists()}


def copy_tokenizer(source: Path, target: Path) -> None:
    """Copy the tokenizer files of one checkpoint directory to another."""
    for name in TOKENIZER_FILES:
        if (source / name).exists():
            shutil.copyfile(source / name, target / name)


def load_encoder(folder: Path, device: "torch.device", layers: int | None = None) -> "PreTrainedModel":
    """The encoder of a verified checkpoint directory in float32, with a pooler only if one was pretrained with it.

    With `layers`, only the first ones are loaded, and one above them if there is one: then `hidden_states[layers]` is
    the same as in the whole encoder, even in families that normalise the states of their last layer once more. Raises
    `InputError` when the encoder has fewer layers.
    """
    from transformers import AutoConfig, AutoModel

    read_manifest(folder)
    options: dict[str, Any] = dict(pooler_option(folder))
    if layers is not None:
        available = from_folder(AutoConfig, folder).num_hidden_layers
        if layers > available:
            raise InputError(f"{folder}: the encoder has {available} layers; layer {layers} cannot be used")
        options["num_hidden_layers"] = min(layers + 1, available)
    return _quietly_load(AutoModel, folder, device, **options)


def load_unvouched(folder: Path) -> "PreTrainedModel":
    """The encoder of a directory without a manifest, on the CPU; from pickled tensors if it has no safetensors."""
    import torch
    from transformers import AutoModel

    pickled = not any(folder.glob("*.safetensors"))
    return _quietly_load(AutoModel, folder, torch.device("cpu"), pickled=pickled, **pooler_option(folder))


def pooler_option(folder: Path) -> dict[str, bool]:
    """The option with which `AutoModel` keeps a pretrained pooler but adds no random one, if the family has poolers."""
    from transformers import AutoConfig, AutoModel

    family: Any = AutoModel._model_mapping[type(from_folder(AutoConfig, folder))]
    if "add_pooling_layer" not in inspect.signature(family).parameters:
        return {}
    return {"add_pooling_layer": any("pooler." in name for name in _tensor_names(folder))}


def _tensor_names(folder: Path) -> Iterator[str]:
    """The names of the tensors in a directory's files: safetensors, or pickled ones if there are none."""
    import torch
    from safetensors import safe_open

    files = list(folder.glob("*.safetensors"))
    for path in files:
        with safe_open(path, framework="numpy") as weights:
            yield from weights.keys()
    for path in [] if files else folder.glob(PICKLED):
        yield from torch.load(path, map_location="meta", weights_only=True)


def load_with_head(factory: Any, folder: Path, device: "torch.device", labels: list[str] | None) -> "PreTrainedModel":
    """A model of one of transformers' auto classes with a task head: fine-tuned, or new for `labels`.

    Raises `InputError` for a family without such a head.
    """
    from transformers import AutoConfig

    read_manifest(folder)
    config = from_folder(AutoConfig, folder)
    if type(config) not in factory._model_mapping:
        head = factory.__name__.removeprefix("AutoModel")
        raise InputError(
            f"{folder}: transformers has no {config.model_type} {head}; choose another encoder for this task"
        )
    if labels is None:
        return _quietly_load(factory, folder, device)
    names = dict(enumerate(labels))
    return _quietly_load(
        factory,
        folder,
        device,
        new_head=True,
        num_labels=len(labels),
        id2label=names,
        label2id={label: number for number, label in names.items()},
    )


def base_encoder(model: "PreTrainedModel") -> "PreTrainedModel":
    """The encoder under a model's task head."""
    return model.base_model  # type: ignore[return-value]


def from_folder(factory: Any, folder: Path, **options: object) -> Any:
    """Load a local folder with a class of transformers, without ever running code from the folder."""
    return factory.from_pretrained(folder, local_files_only=True, trust_remote_code=False, **options)


def first_of(names: list[str]) -> str:
    """The first three names, and whether there are more."""
    return ", ".join(names[:3]) + ", …" * (len(names) > 3)


def _quietly_load(
    factory: type,
    folder: Path,
    device: "torch.device",
    *,
    new_head: bool = False,
    pickled: bool = False,
    **options: object,
) -> "PreTrainedModel":
    """Load in float32, without progress bars; raises `InputError` if weights of the encoder are missing from its file.

    Only a new task head, and a pooler below it that was not pretrained, may start with random weights. `pickled`
    weights are read as tensors alone.
    """
    import torch
    from transformers.utils import logging

    import realign.encoders.conversions  # noqa: F401 (imported for what it builds)

    logging.set_verbosity_error()
    logging.disable_progress_bar()
    model, report = from_folder(
        factory,
        folder,
        dtype=torch.float32,
        use_safetensors=not pickled,
        weights_only=True,
        output_loading_info=True,
        **options,
    )
    missing = sorted(set(report["missing_keys"]) | {str(key) for key, *_ in report["mismatched_keys"]})
    if new_head:
        prefix = f"{model.base_model_prefix}."
        missing = [name for name in missing if name.startswith(prefix) and ".pooler." not in name]
    if missing:
        raise InputError(
            f"{folder / WEIGHTS}: lacks {len(missing)} of the tensors that config.json requires: {first_of(missing)}"
        )
    loaded: PreTrainedModel = model.to(device)
    return loaded
