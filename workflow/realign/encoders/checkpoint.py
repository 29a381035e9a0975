"""Checkpoint directories: an ordinary Hugging Face directory, a manifest that vouches for it, a record of the run.

The manifest holds only what follows from the inputs, so that a stage which reproduces its weights reproduces its
manifest too, and nothing downstream runs again. What differs from run to run (seconds, device, precision) stands in
`run.json`.
"""

import inspect
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, ValidationError

from realign.errors import InputError
from realign.text.files import sha256_of

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel

MANIFEST = "manifest.json"
WEIGHTS = "model.safetensors"
RUN_RECORD = "run.json"
LOSSES = "loss.csv"


class Manifest(BaseModel):
    """What a checkpoint is and what it was made from."""

    model_config = ConfigDict(extra="forbid")

    weights_sha256: str = ""
    model: str
    method: str = "pretrained"
    task: str | None = None
    labels: list[str] | None = None
    seed: int | None = None
    steps: int = 0
    realignment: dict[str, Any] | None = None
    """Settings of realignment; of a realigned encoder also which one it is."""
    origin: str | None = None
    """Where a fetched encoder came from, `owner/name@commit`."""
    inputs: dict[str, str] = {}
    """sha256 of every input file, by its path under `results/`, or by name when it lies elsewhere."""
    versions: dict[str, str] = {}


class RunRecord(BaseModel):
    """How the run that made a checkpoint went; never an input of another stage."""

    seconds: float
    seconds_to_first_batch: float
    sentences: int
    sentences_per_second: float
    device: str
    precision: str
    """`float32` or `bfloat16`; what `auto` came to on that device."""
    threads: int


def library_versions() -> dict[str, str]:
    """Versions of the libraries that decide the bytes of a checkpoint."""
    return {name: version(name) for name in ("torch", "transformers", "tokenizers")}


@contextmanager
def new_checkpoint(folder: Path) -> Iterator[Path]:
    """A temporary directory whose files move into `folder` when the block ends without an error, manifest last."""
    for left_behind in folder.parent.glob(f".{folder.name}.*.tmp"):  # by a job that was killed
        shutil.rmtree(left_behind)
    temporary = folder.with_name(f".{folder.name}.{os.getpid()}.tmp")
    temporary.mkdir(parents=True)
    try:
        yield temporary
        folder.mkdir(parents=True, exist_ok=True)
        for path in sorted(temporary.iterdir(), key=lambda path: path.name == MANIFEST):
            os.replace(path, folder / path.name)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def write_manifest(folder: Path, manifest: BaseModel, name: str = MANIFEST) -> None:
    """Write a manifest or run record as indented JSON."""
    (folder / name).write_text(manifest.model_dump_json(indent=2, exclude_none=True) + "\n", encoding="utf-8")


def write_pretrained_manifest(folder: Path, model: str, inputs: Iterable[str], origin: str | None = None) -> None:
    """Vouch for an encoder that no stage has trained yet, whose `inputs` have different names, wherever they lie."""
    fingerprints = {Path(path).name: sha256_of(Path(path)) for path in inputs}
    manifest = Manifest(
        weights_sha256=sha256_of(folder / WEIGHTS),
        model=model,
        origin=origin,
        inputs=fingerprints,
        versions=library_versions(),
    )
    write_manifest(folder, manifest)


def read_manifest(folder: Path, verify: bool = True) -> Manifest:
    """The manifest of a checkpoint; raises `InputError` when the weights beside it are not those it vouches for."""
    path = folder / MANIFEST
    try:
        manifest = Manifest.model_validate_json(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; the checkpoint is missing or unfinished") from None
    except ValidationError as error:
        raise InputError(f"{path}: not a manifest ({error.errors()[0]['msg']})") from None
    weights = folder / WEIGHTS
    if not weights.exists():
        raise InputError(f"{weights}: missing beside its manifest; delete {path} and the stage makes both again")
    if verify and sha256_of(weights) != manifest.weights_sha256:
        raise InputError(f"{weights}: corrupted; its sha256 is not the one in {path}; delete both and run again")
    return manifest


def copy_tokenizer(source: Path, target: Path) -> None:
    """Copy the tokenizer files of one checkpoint directory to another."""
    for name in ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"):
        if (source / name).exists():
            shutil.copyfile(source / name, target / name)


def load_encoder(folder: Path, device: "torch.device", layers: int | None = None) -> "PreTrainedModel":
    """The encoder of a verified checkpoint directory in float32, with a pooler only if one was pretrained with it.

    With `layers`, the first ones and at most one above them, so that `hidden_states[layers]` is what it is in the whole
    encoder, also in families that norm the states of their last layer once more. Raises `InputError` when the encoder
    has fewer.
    """
    from transformers import AutoConfig, AutoModel

    read_manifest(folder)
    options: dict[str, object] = dict(pooler_option(folder))
    if layers is not None:
        available = AutoConfig.from_pretrained(folder, local_files_only=True).num_hidden_layers
        if layers > available:
            raise InputError(f"{folder}: the encoder has {available} layers; layer {layers} cannot be used")
        options["num_hidden_layers"] = min(layers + 1, available)
    return _quietly_load(AutoModel, folder, device, **options)


def pooler_option(folder: Path) -> dict[str, bool]:
    """What makes `AutoModel` keep a pretrained pooler and not add a new, random one, if the family has poolers."""
    from safetensors import safe_open
    from transformers import AutoConfig, AutoModel

    family: Any = AutoModel._model_mapping[type(AutoConfig.from_pretrained(folder, local_files_only=True))]
    if "add_pooling_layer" not in inspect.signature(family).parameters:
        return {}
    for path in folder.glob("*.safetensors"):
        with safe_open(path, framework="numpy") as weights:
            if any("pooler." in key for key in weights.keys()):  # noqa: SIM118 (not a dictionary)
                return {"add_pooling_layer": True}
    return {"add_pooling_layer": False}


def load_with_head(factory: type, folder: Path, device: "torch.device", labels: list[str] | None) -> "PreTrainedModel":
    """A model with a task head by one of transformers' auto classes: fine-tuned, or with a new head for `labels`."""
    read_manifest(folder)
    if labels is None:
        return _quietly_load(factory, folder, device)
    names = dict(enumerate(labels))
    return _quietly_load(
        factory,
        folder,
        device,
        num_labels=len(labels),
        id2label=names,
        label2id={label: number for number, label in names.items()},
    )


def base_encoder(model: "PreTrainedModel") -> "PreTrainedModel":
    """The encoder under a model's task head."""
    return model.base_model  # type: ignore[return-value]


def _quietly_load(factory: type, folder: Path, device: "torch.device", **options: object) -> "PreTrainedModel":
    """Load without progress bars and without the report that a head is new, which is intended here."""
    import torch
    from transformers.utils import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()
    model: PreTrainedModel = factory.from_pretrained(  # type: ignore[attr-defined]
        folder, local_files_only=True, dtype=torch.float32, **options
    )
    return model.to(device)  # type: ignore[arg-type]
