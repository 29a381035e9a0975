"""Parsers of command lines, whose help ends with examples."""

import argparse
import sys
from pathlib import Path

PROGRAMS = "workflow"
"""The folder of a clone that has some of the commands as programs."""


def command_parser(name: str, description: str, *examples: str) -> argparse.ArgumentParser:
    """The parser of `realign NAME`; the program `workflow/NAME` says its own name in place of that."""
    called, command = Path(sys.argv[0]), f"realign {name}"
    program = f"{PROGRAMS}/{name}" if (called.parent.name, called.name) == (PROGRAMS, name) else command
    shown = [f"  {example}".replace(command, program) for example in examples]
    return argparse.ArgumentParser(
        prog=program,
        description=description,
        epilog="\n".join(["example:" if len(shown) == 1 else "examples:", *shown]),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
