"""`realign realign`: a realigned encoder as a checkpoint."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from realign.api.realigning import realign
from realign.api.settings import REALIGNING, SEED
from realign.command.options import (
    add_aligner,
    add_common,
    add_encoder,
    add_settings,
    path,
    refuse_two_pipes,
    settings_in,
)
from realign.errors import InputError
from realign.jobs.parsers import command_parser


def main(arguments: Sequence[str]) -> None:
    """Realign, save, and print where."""
    parser = command_parser(
        "realign",
        "Train an encoder to give translations similar representations, and save it as a Hugging Face directory.",
        "realign realign path/to/encoder en.txt fr.txt --dictionary en-fr.txt --out realigned",
        "realign realign lab:6 en.txt fr.txt en.txt es.txt --dictionary en-fr.txt en-es.txt --out realigned",
    )
    add_encoder(parser)
    said = "parallel texts, a pair for each language"
    parser.add_argument("texts", type=path, nargs="+", metavar="SOURCE TARGET", help=said)
    parser.add_argument("-o", "--out", type=Path, required=True, metavar="DIR", help="where the encoder is saved")
    parser.add_argument("--dictionary", type=path, nargs="+", metavar="FILE", help="one for each pair of texts")
    said = "word links in Pharaoh format instead of an aligner, one file for each pair of texts"
    parser.add_argument("--links", type=path, nargs="+", metavar="FILE", help=said)
    add_aligner(parser)
    said = "the source language and that of each target, to split raw sentences into words"
    parser.add_argument("--raw", nargs="+", metavar="LANGUAGE", help=said)
    parser.add_argument("--seed", type=int, default=SEED, help=f"default: {SEED}")
    add_common(parser)
    add_settings(parser, "settings", REALIGNING)
    given = parser.parse_args(arguments)
    refuse_two_pipes(*given.texts, *(given.dictionary or ()), *(given.links or ()))
    if len(given.texts) % 2:
        raise InputError(f"{given.texts[-1]}: has no translation; texts come in pairs, SOURCE TARGET")
    sources, targets = given.texts[::2], given.texts[1::2]
    first, *languages = given.raw or [None, *(f"{number:03}" for number in range(len(targets)))]

    def by_language(option: str, files: Sequence[Any]) -> dict[str, Any]:
        if len(files) != len(targets):
            raise InputError(f"{option}: found {len(files)}; expected one for each of {len(targets)} pairs of texts")
        return dict(zip(languages, files, strict=True))

    by_language("--raw", languages)
    saved = realign(
        given.encoder,
        by_language("--source", sources),
        by_language("--target", targets),
        save=given.out,
        links=given.links and by_language("--links", given.links),
        aligner=given.aligner,
        dictionary=given.dictionary and by_language("--dictionary", given.dictionary),
        raw=first,
        seed=given.seed,
        threads=given.threads,
        **settings_in(given, REALIGNING),
    )
    print(saved)
