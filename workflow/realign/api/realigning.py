"""Realign an encoder on translations, and save it."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from realign.api.computing import computing
from realign.api.encoders import Encoder, opened
from realign.api.linking import Dictionary, Links, chosen_aligner, given_links, link_pairs
from realign.api.settings import DTYPE, MODEL, PRECISION, REALIGNING, SEED, one_cell, split_off, with_settings
from realign.api.texts import Text, read_pairs, write_pairs
from realign.config.methods import SENTENCE
from realign.encoders.checkpoint import MANIFEST
from realign.errors import InputError
from realign.experiment.experiment import Experiment
from realign.text.bitext import SentencePair
from realign.text.files import atomic_writer, sha256_of
from realign.text.pharaoh import Link, format_links

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

ONE = "bitext"
"""The language of a call that does not name it."""


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
    by_language = isinstance(target, Mapping)
    dictionaries = _by_language(dictionary, by_language)
    needs_links = settings.get("unit") != SENTENCE
    name = chosen_aligner(aligner, next(iter(dictionaries.values()), None)) if needs_links else None
    experiment = one_cell("realign", aligner=name, realignment=settings, **common)
    bitexts = {language: read_pairs(*sides) for language, sides in _sides(source, target, raw).items()}

    def linked(pairs: list[SentencePair], language: str, encoder: Path, threads: int) -> list[list[Link]]:
        given = _by_language(links, by_language).get(language)
        if given is not None:
            return given_links(given, pairs)
        return link_pairs(pairs, name, dictionaries.get(language), encoder, threads=threads)

    with ExitStack() as stack:
        count = stack.enter_context(computing(threads))
        folder = stack.enter_context(opened(encoder, tokenizer))
        home = Path(stack.enter_context(TemporaryDirectory(prefix="realign.")))
        for language, pairs in bitexts.items():
            _write(home, language, pairs, linked(pairs, language, folder, count) if needs_links else None)
        _train(folder, home, Path(save), experiment, seed)
    return Path(save)


def _train(base: Path, home: Path, save: Path, experiment: Experiment, seed: int) -> None:
    """Train the checkpoint `base` on the bitexts, and their links if there are any, in the folder `home`."""
    from realign.encoders.checkpoint import Manifest, load_encoder, read_manifest
    from realign.encoders.devices import pick_device, seed_everything
    from realign.realignment.linked_bitext import pair_files
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
        inputs={MANIFEST: sha256_of(base / MANIFEST)} | {file.name: sha256_of(file) for file in sorted(home.iterdir())},
    )
    plan = Plan(given.pop("learning_rate"), given.pop("steps"), max_gradient_norm=given.pop("max_gradient_norm"))
    at_once = given.pop("micro_batch_size")
    settings = RealignmentSettings(**given)
    bitexts, links = ([str(file) for file in sorted(home.glob(f"*.{kind}"))] for kind in ("bitext", "links"))
    rng = seed_everything(seed)
    model = load_encoder(base, pick_device())
    train_checkpoint(
        model,
        realignment_objective(model, base, pair_files(bitexts, links or None), settings, rng),
        plan,
        base,
        Destination(save, manifest, experiment.config.storage.dtype),
        Execution(experiment.config.precision, at_once, str(given)),
        sentences=plan.steps * settings.batch_size,
    )


def _by_language(value: Any, by_language: bool) -> dict[str, Any]:
    """What a call was given for each language; nothing, if it was not given."""
    if value is None:
        return {}
    return dict(value) if by_language else {ONE: value}


def _sides(source: Any, target: Any, raw: Any) -> dict[str, tuple[Text, Text | None, tuple[str, str] | None]]:
    """Both texts of each language, and the languages of raw text."""
    if not isinstance(target, Mapping):
        return {ONE: (source, target, raw)}
    if not target:
        raise InputError("realign: target: empty; expected at least one language")
    sides = {}
    for language, text in target.items():
        own = source.get(language) if isinstance(source, Mapping) else source
        if own is None:
            raise InputError(f"realign: source: nothing for {language!r}, which target has")
        sides[language] = (own, text, None if raw is None else (raw, language))
    return sides


def _write(home: Path, language: str, pairs: Sequence[SentencePair], links: Sequence[Sequence[Link]] | None) -> None:
    """Write the pairs with words on both sides, and their links, as the stages read them."""
    full = [bool(pair.source and pair.target) for pair in pairs]
    write_pairs((pair for pair, whole in zip(pairs, full, strict=True) if whole), home / f"{language}.bitext")
    if links is not None:
        with atomic_writer(home / f"{language}.links") as out:
            out.writelines(format_links(row) + "\n" for row, whole in zip(links, full, strict=True) if whole)
