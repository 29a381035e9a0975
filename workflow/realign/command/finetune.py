"""`realign finetune`: a fine-tuned model as a checkpoint."""

from collections.abc import Sequence
from pathlib import Path

from realign.api.realigning import during
from realign.api.settings import DTYPE, FINETUNING, JOINT, PRECISION, SEED, kind_fields
from realign.api.tasks import finetune
from realign.command.options import (
    add_common,
    add_encoder,
    add_links,
    add_settings,
    path,
    refuse_two_pipes,
    settings_in,
    translations_in,
)
from realign.errors import InputError
from realign.jobs.parsers import command_parser
from realign.tasks.registry import KINDS, TASKS

JOINTLY = "during_"
"""What the options of settings of joint realignment begin with."""


def main(arguments: Sequence[str]) -> None:
    """Fine-tune, save, and print where."""
    parser = command_parser(
        "finetune",
        "Fine-tune an encoder on a task, and save it as a Hugging Face directory. The tasks and their files:\n"
        + "\n".join(f"  {row.name}: {row.summary}; {row.formats}" for row in TASKS),
        "realign finetune path/to/encoder pos en.train.conllu --epochs 2 --out tagger",
        "realign finetune path/to/encoder pos en.train.conllu --during en.txt fr.txt --dictionary en-fr.txt -o tagger",
    )
    add_encoder(parser)
    parser.add_argument("task", choices=[row.name for row in TASKS], metavar="task", help="what is learned")
    parser.add_argument("train", type=path, help="labelled examples; - is stdin")
    parser.add_argument("-o", "--out", type=Path, required=True, metavar="DIR", help="where the model is saved")
    parser.add_argument("--labels", nargs="+", help="labels of your own, for tasks that can have them")
    said = "parallel texts to realign on at every step, a pair for each language"
    parser.add_argument("--during", type=path, nargs="+", metavar="SOURCE TARGET", help=said)
    add_links(parser)
    parser.add_argument("--seed", type=int, default=SEED, help=f"default: {SEED}")
    add_common(parser)
    add_settings(parser, "settings", FINETUNING)
    for kind in KINDS:
        if kind_fields(kind):
            add_settings(parser, f"settings of {kind.name}", kind_fields(kind))
    add_settings(parser, "settings of realignment, with --during", JOINT, JOINTLY)
    given = parser.parse_args(arguments)
    refuse_two_pipes(given.train, *(given.during or ()), *(given.dictionary or ()), *(given.links or ()))
    joint = settings_in(given, JOINT, JOINTLY)
    if given.during is None and (joint or given.dictionary or given.links or given.aligner or given.raw):
        raise InputError("--during: missing; without parallel texts, nothing is realigned during fine-tuning")
    fields = {**{name: field for kind in KINDS for name, field in kind_fields(kind).items()}, **FINETUNING}
    saved = finetune(
        given.encoder,
        given.task,
        given.train,
        save=given.out,
        realignment=during(**translations_in(given, given.during), **joint) if given.during else None,
        labels=given.labels,
        seed=given.seed,
        threads=given.threads,
        **settings_in(given, {**fields, **PRECISION, **DTYPE}),
    )
    print(saved)
