"""The command `realign`: find the subcommand, and report mistakes in one sentence."""

import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import NoReturn

import realign
from realign.errors import InputError


@dataclass(frozen=True)
class Command:
    """A subcommand; `main(arguments)` of its module runs it."""

    name: str
    module: str
    summary: str


COMMANDS = (
    Command("links", "realign.command.links", "link the words of sentence pairs"),
    Command("measure", "realign.command.measure", "measure the alignment of an encoder, layer by layer"),
    Command("realign", "realign.command.realign", "realign an encoder on translations, and save it"),
    Command("finetune", "realign.command.finetune", "fine-tune an encoder on a task, and save it"),
    Command("score", "realign.command.score", "score a fine-tuned model on labelled files"),
    Command("init", "realign.command.init", "make the folder of a study to start from"),
    Command("run", "realign.command.run", "run the study in this folder with Snakemake"),
    Command("check", "realign.experiment.inspection", "read a study's own files, language by language"),
    Command("estimate", "realign.experiment.estimate", "say what a study will take before it runs"),
    Command("progress", "realign.jobs.progress", "show how far a study is"),
    Command("report", "realign.command.report", "say what a finished study found"),
    Command("verify", "realign.experiment.verifying", "check a study's results against their records"),
    Command("tidy", "realign.experiment.tidying", "delete what a study no longer needs"),
    Command("config", "realign.command.config", "explain every key of a study's config"),
)


def usage() -> str:
    """What `realign --help` prints."""
    lines = [f"  {command.name:10}{command.summary}" for command in COMMANDS]
    return "\n".join(
        [
            "usage: realign COMMAND ...",
            "",
            "Alignment and cross-lingual transfer of multilingual encoders.",
            "",
            *lines,
            "",
            "`realign COMMAND --help` explains a command and shows an example.",
        ]
    )


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run a subcommand, and exit: 0, 1 after a mistake, 2 for a command line that is not understood."""
    name, *rest = list(sys.argv[1:] if arguments is None else arguments) or ["--help"]
    if name in ("-h", "--help"):
        print(usage())
        sys.exit(0)
    if name == "--version":
        print(realign.__version__)
        sys.exit(0)
    command = next((command for command in COMMANDS if command.name == name), None)
    if command is None:
        known = ", ".join(command.name for command in COMMANDS)
        sys.exit(_said(f"no command {name!r}; the commands are {known}", status=2))
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `realign measure … | head` ends quietly
    try:
        import_module(command.module).main(rest)
    except InputError as error:
        sys.exit(_said(str(error)))
    except ModuleNotFoundError as error:
        if str(error.name).partition(".")[0] == "realign":
            raise
        sys.exit(_said(f"`realign {name}` needs {error.name}; install 'realign[workflow]', which brings it"))
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        sys.exit(_said(f"{where}{error.strerror or error}"))
    except KeyboardInterrupt:
        sys.stderr.write("\n")
        sys.exit(130)
    sys.stdout.flush()
    if "torch" in sys.modules:
        os._exit(0)  # unloading torch takes longer than a short command
    sys.exit(0)


def _said(sentence: str, status: int = 1) -> int:
    print(f"realign: {sentence}", file=sys.stderr)
    return status
