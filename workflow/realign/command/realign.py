"""`realign realign`: a realigned encoder as a checkpoint."""

from collections.abc import Sequence
from pathlib import Path

from realign.api.realigning import realign
from realign.api.settings import REALIGNING, SEED
from realign.command.options import (
    add_common,
    add_encoder,
    add_links,
    add_settings,
    path,
    settings_in,
    translations_in,
)
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
    add_links(parser)
    parser.add_argument("--seed", type=int, default=SEED, help=f"default: {SEED}")
    add_common(parser)
    add_settings(parser, "settings", REALIGNING)
    given = parser.parse_args(arguments)
    saved = realign(
        given.encoder,
        **translations_in(given, given.texts),
        save=given.out,
        seed=given.seed,
        threads=given.threads,
        **settings_in(given, REALIGNING),
    )
    print(saved)
