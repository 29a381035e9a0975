"""Word links of sentence pairs, by any aligner."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack, nullcontext, redirect_stderr
from importlib import import_module
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from realign.aligners.inputs import AlignerInputs
from realign.aligners.registry import ALIGNERS, MEASURING
from realign.api.computing import computing
from realign.api.encoders import Encoder, opened
from realign.api.settings import LINKING, aligner_fields, aligner_row, one_cell, with_settings
from realign.api.texts import Raw, Text, read_pairs, write_pairs
from realign.errors import InputError
from realign.jobs.threads import idle_cores
from realign.text.bitext import SentencePair
from realign.text.files import atomic_writer
from realign.text.pharaoh import Link, check_range, read_links

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

Dictionary = str | Path | Mapping[str, Iterable[str]]
"""The path of a dictionary in MUSE's format, or the translations of each word."""
Links = str | Path | Sequence[Sequence[Link]]
"""The path of a file in Pharaoh format, or the links of each sentence pair."""


@with_settings(LINKING)
def links(
    source: Text,
    target: Text | None = None,
    aligner: str | None = None,
    *,
    dictionary: Dictionary | None = None,
    encoder: Encoder | None = None,
    tokenizer: "PreTrainedTokenizerBase | None" = None,
    context: tuple[Text, Text] | None = None,
    raw: Raw = None,
    threads: int | None = None,
    **settings: Any,
) -> list[list[Link]]:
    """The word links of every sentence pair: pairs (i, j) of a source and a target word, counted from 0.

    `source` and `target` are text files with a sentence a line, or lists of sentences; without a target, `source` is a
    file with `source words ||| target words` in each line. `aligner` is one of those of the config: by default
    the one that uses a dictionary if there is one, else the first that needs nothing. `context` is more text in both
    languages, for aligners that need statistics. `encoder` is for aligners that compute with one, with its `tokenizer`
    if it is a loaded model. `raw`, such as `("en", "fr")`, splits raw sentences into words first. The settings are the
    aligner's own, `aligners.<name>` in the config. A sentence pair with an empty side has no links.

    Raises `InputError` for a wrong setting, and for texts that are not line-parallel.
    """
    pairs = read_pairs(source, target, raw)
    more = [] if context is None else read_pairs(*context, raw)
    if not aligner_row(chosen_aligner(aligner, dictionary)).encoder:  # torch is not needed, and takes long to import
        return link_pairs(pairs, aligner, dictionary, context=more, threads=threads or idle_cores(), settings=settings)
    with computing(threads) as count:
        return link_pairs(pairs, aligner, dictionary, encoder, tokenizer, more, count, settings)


def chosen_aligner(aligner: str | None, dictionary: Dictionary | None) -> str:
    """The aligner by its name; or the config's for measuring if there is a dictionary, or one that needs nothing."""
    if aligner is not None or dictionary is not None:
        return aligner or MEASURING
    return next(row.name for row in ALIGNERS if not (row.dictionary or row.encoder))


def link_pairs(
    pairs: Sequence[SentencePair],
    aligner: str | None = None,
    dictionary: Dictionary | None = None,
    encoder: Encoder | None = None,
    tokenizer: "PreTrainedTokenizerBase | None" = None,
    context: Sequence[SentencePair] = (),
    threads: int = 1,
    settings: Mapping[str, Any] | None = None,
) -> list[list[Link]]:
    """The links of pairs that have been read, of which either side may be empty."""
    row = aligner_row(chosen_aligner(aligner, dictionary))
    if row.dictionary and dictionary is None:
        raise InputError(f"aligner {row.name!r} needs a dictionary; give `dictionary`, or another `aligner`")
    if row.encoder and encoder is None:
        raise InputError(f"aligner {row.name!r} computes with an encoder; give `encoder`")
    given = dict(settings or {})
    precision = given.pop("precision", None)
    config = one_cell("links", aligners={row.name: given}, precision=precision).config
    full = [bool(pair.source and pair.target) for pair in pairs]
    with ExitStack() as stack:
        home = Path(stack.enter_context(TemporaryDirectory(prefix="realign.")))
        write_pairs((pair for pair, whole in zip(pairs, full, strict=True) if whole), home / "bitext")
        write_pairs((pair for pair in context if pair.source and pair.target), home / "context")
        inputs = AlignerInputs(
            bitext=home / "bitext",
            context=(home / "context",) if context and row.context else (),
            dictionary=dictionary_file(dictionary, home) if row.dictionary and dictionary is not None else None,
            encoder=stack.enter_context(opened(encoder, tokenizer)) if row.encoder and encoder is not None else None,
            threads=threads,
            precision=config.precision,
        )
        own = {key: value for key, value in config.aligner_settings(row).items() if key in aligner_fields(row)}
        # programs report their iterations, which nobody asked for
        quiet = redirect_stderr(StringIO()) if row.programs else nullcontext()
        if any(full):
            stack.enter_context(quiet)
            import_module(row.module).align(inputs, home / "links", own)
        found = iter(list(read_links(home / "links")) if any(full) else [])
    return [next(found) if whole else [] for whole in full]


def dictionary_file(dictionary: Dictionary, home: Path) -> Path:
    """The path of a dictionary, which is written to `home` if it is in memory."""
    if isinstance(dictionary, str | Path):
        return Path(dictionary)
    with atomic_writer(home / "dictionary.txt") as out:
        out.writelines(f"{word}\t{one}\n" for word, translations in dictionary.items() for one in translations)
    return home / "dictionary.txt"


def given_links(found: Links, pairs: Sequence[SentencePair]) -> list[list[Link]]:
    """The links of each pair, from a file or a list; raises `InputError` if they do not fit the pairs."""
    name = Path(found) if isinstance(found, str | Path) else Path("links")
    rows = list(read_links(name)) if isinstance(found, str | Path) else [list(map(tuple, row)) for row in found]
    if len(rows) != len(pairs):
        raise InputError(f"{name}: links of {len(rows)} lines, but the text has {len(pairs)}")
    for number, (row, pair) in enumerate(zip(rows, pairs, strict=True), 1):
        check_range(row, pair, name, number)  # type: ignore[arg-type]
    return rows  # type: ignore[return-value]
