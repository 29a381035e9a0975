"""An encoder by name, by directory or already loaded, as a checkpoint that the stages read."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Union

from realign.encoders.checkpoint import MANIFEST, base_encoder, write_pretrained_manifest
from realign.encoders.e5 import packaged_file, read_e5
from realign.encoders.importing import import_encoder
from realign.encoders.lab import write_lab_encoder
from realign.errors import InputError
from realign.sources.hub import resolve
from realign.sources.hub_models import snapshot

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

Encoder = Union[str, Path, "PreTrainedModel"]
"""`owner/name` or `owner/name@revision` on the hub; `lab:6`, the first 6 layers of the lab's encoder (`lab`: all 12); a
Hugging Face directory; or a loaded model."""

_LAB = re.compile(r"lab(?::(\d+))?")
_HUB = re.compile(r"(?P<name>[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*)(?:@(?P<revision>[\w.-]+))?")
LAB_LAYERS = 12


@contextmanager
def opened(encoder: Encoder, tokenizer: "PreTrainedTokenizerBase | None" = None) -> Iterator[Path]:
    """The directory of a verified checkpoint, for as long as the block lasts.

    Everything that a stage of the workflow has not written is checked and copied to a temporary directory; a loaded
    model is copied too, and stays as it is. Raises `InputError` for what is not an encoder (`import_encoder`).
    """
    if isinstance(encoder, str | Path) and (Path(encoder) / MANIFEST).is_file():
        yield Path(encoder)
        return
    with TemporaryDirectory(prefix="realign.") as home:
        folder = Path(home) / "encoder"
        folder.mkdir()
        origin = None
        if not isinstance(encoder, str | Path):
            name = _save(encoder, tokenizer, folder)
        elif Path(encoder).is_dir():
            name = Path(encoder).resolve().name
            import_encoder(Path(encoder), folder)
        elif found := _LAB.fullmatch(str(encoder)):
            name = str(encoder)
            write_lab_encoder(read_e5(packaged_file()), folder, int(found[1] or LAB_LAYERS), None)
        elif found := _HUB.fullmatch(str(encoder)):
            name = found["name"]
            commit = resolve(name, found["revision"] or "main", "model")
            origin = f"{name}@{commit}"
            import_encoder(snapshot(name, commit), folder)
        else:
            raise InputError(
                f"{encoder}: no such directory; expected a Hugging Face directory, a name on the hub such as "
                "FacebookAI/xlm-roberta-base, or lab:6"
            )
        write_pretrained_manifest(folder, name, [], origin)
        yield folder


def _save(model: "PreTrainedModel", tokenizer: "PreTrainedTokenizerBase | None", folder: Path) -> str:
    """Copy the encoder of a loaded model to a folder; returns its name."""
    if tokenizer is None:
        raise InputError("a loaded model needs its tokenizer; give `tokenizer=`")
    if not hasattr(model, "save_pretrained") or not hasattr(tokenizer, "save_pretrained"):
        raise InputError(
            f"expected a name, a directory, or a model and a tokenizer of transformers; found {type(model).__name__} "
            f"and {type(tokenizer).__name__}"
        )
    with TemporaryDirectory(prefix="realign.") as home:
        base_encoder(model).save_pretrained(home)
        tokenizer.save_pretrained(home)
        import_encoder(Path(home), folder)
    return Path(str(getattr(model, "name_or_path", "") or "model")).name
