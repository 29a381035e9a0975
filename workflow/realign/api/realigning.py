"""Realign an encoder on translations and save it, or say what fine-tuning realigns it on."""

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from realign.api.computing import computing
from realign.api.encoders import Encoder, opened
from realign.api.linking import Dictionary, Links
from realign.api.settings import DTYPE, JOINT, MODEL, PRECISION, REALIGNING, SEED, one_cell, split_off, with_settings
from realign.api.texts import Text
from realign.api.translations import Translations, aligner_of, read_translations
from realign.encoders.checkpoint import MANIFEST
from realign.errors import InputError
from realign.experiment.experiment import Experiment
from realign.text.files import sha256_of

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

    from realign.realignment.linked_bitext import PairFile


@with_settings(REALIGNING)
def realign(
    encoder: Encoder,
    source: Text | Mapping[str, Text],
    target: Text | Mapping[str, Text] | None = None,
    *,
    save: str | Path,
    links: Links | Mapping[str, Links] | None = None,
    aligner: str | None = None,
    dictionary: Dictionary | Mapping[str, Dictionary] | None = None,
    tokenizer: "PreTrainedTokenizerBase | None" = None,
    raw: str | tuple[str, str] | None = None,
    seed: int = SEED,
    threads: int | None = None,
    **settings: Any,
) -> Path:
    """Train an encoder to give translations similar representations, save it in the directory `save`, and return that.

    `encoder` is a name, a directory or a loaded model with its `tokenizer`, which stays as it is. `source` and `target`
    are parallel text files with a sentence a line, or lists of sentences. For several languages at once, `target` maps
    each language to its text, and so do `source` (unless all have the same), `dictionary` and `links`. Words are
    linked by `links`, or as `realign.links` does with `aligner` and `dictionary`; `unit="sentence"` needs no links.
    `raw` splits raw sentences into words first: `("en", "fr")`, or the source language alone if `target` names the
    others. The settings are those of `realignment` in the config. With the same seed and number of threads, the same
    machine makes the same bytes.

    The directory can be loaded with transformers' `AutoModel` and `AutoTokenizer`, and given to all functions here. An
    interrupted call continues where it was if it is made again. Raises `InputError` for wrong settings, texts and
    encoders, and if the loss diverges.
    """
    common = split_off(settings, *PRECISION, *DTYPE)
    if settings.get("steps") == "match":
        raise InputError("realign: steps: found 'match'; expected a number, because there is no fine-tuning to match")
    name = aligner_of(aligner, dictionary, target, settings.get("unit"))
    experiment = one_cell("realign", aligner=name, realignment=settings, **common)
    translations = read_translations(source, target, links, name, dictionary, raw)
    with ExitStack() as stack:
        count = stack.enter_context(computing(threads))
        folder = stack.enter_context(opened(encoder, tokenizer))
        home = Path(stack.enter_context(TemporaryDirectory(prefix="realign.")))
        files = translations.files(home, folder, count)
        inputs = {file.name: sha256_of(file) for file in sorted(home.iterdir())}
        _train(folder, files, inputs, Path(save), experiment, seed)
    return Path(save)


@dataclass(frozen=True)
class JointRealignment:
    """What an encoder is realigned on while it is fine-tuned, and the settings of that."""

    translations: Translations
    settings: Mapping[str, Any]


@with_settings(JOINT)
def during(
    source: Text | Mapping[str, Text],
    target: Text | Mapping[str, Text] | None = None,
    *,
    links: Links | Mapping[str, Links] | None = None,
    aligner: str | None = None,
    dictionary: Dictionary | Mapping[str, Dictionary] | None = None,
    raw: str | tuple[str, str] | None = None,
    **settings: Any,
) -> JointRealignment:
    """Translations to realign an encoder on while it is fine-tuned, for `realign.finetune(..., realignment=...)`.

    Every step of fine-tuning then also takes a batch of translations, and the realignment loss times `coefficient` is
    added to the task's. Texts, links, aligner, dictionaries and raw text are as in `realign.realign`, also for several
    languages at once. The settings are those of `realignment` in the config that have an effect during fine-tuning.

    Raises `InputError` for wrong settings and texts.
    """
    name = aligner_of(aligner, dictionary, target, settings.get("unit"))
    one_cell("during", aligner=name, realignment=settings, when="during")
    return JointRealignment(read_translations(source, target, links, name, dictionary, raw), settings)


def _train(
    base: Path, files: "list[PairFile]", inputs: Mapping[str, str], save: Path, experiment: Experiment, seed: int
) -> None:
    """Train the checkpoint `base` on linked bitexts; `inputs` are their sha256."""
    from realign.encoders.checkpoint import Manifest, load_encoder, read_manifest
    from realign.encoders.devices import pick_device, seed_everything
    from realign.realignment.objective import RealignmentSettings, realignment_objective
    from realign.training.checkpointing import Destination, Execution, train_checkpoint
    from realign.training.loop import Plan

    ((_, recipe),) = experiment.recipes
    given = experiment.realign_params(MODEL, recipe)
    manifest = Manifest(
        model=read_manifest(base).model,
        method="realigned",
        seed=seed,
        steps=given["steps"],
        realignment={"recipe": recipe, **given},
        inputs={MANIFEST: sha256_of(base / MANIFEST), **inputs},
    )
    plan = Plan(given.pop("learning_rate"), given.pop("steps"), max_gradient_norm=given.pop("max_gradient_norm"))
    at_once = given.pop("micro_batch_size")
    settings = RealignmentSettings(**given)
    rng = seed_everything(seed)
    model = load_encoder(base, pick_device())
    train_checkpoint(
        model,
        realignment_objective(model, base, files, settings, rng),
        plan,
        base,
        Destination(save, manifest, experiment.config.storage.dtype),
        Execution(experiment.config.precision, at_once, str(given)),
        sentences=plan.steps * settings.batch_size,
    )
