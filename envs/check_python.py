"""End with one sentence if Realign cannot be installed with this Python: `python3 envs/check_python.py python3`.

It is read by old versions of Python too; the argument is what the user calls this one.
"""

import os
import shutil
import sys
import sysconfig
from pathlib import Path

LEAST, MOST = (3, 11), (3, 14)
WITHOUT_WHEELS = (3, 14)
"""From this version on, the package immutables, which Snakemake needs, is compiled when it is installed."""


def trouble(name):
    """Why this Python, which the user calls `name`, will not do; None if it will."""
    python = tuple(sys.version_info[:2])
    called = f"{name} is {python[0]}.{python[1]}"
    if not LEAST <= python <= MOST:
        return f"Realign needs Python 3.11 to 3.14; {called}. Try make PYTHON=python3.11"
    if python >= WITHOUT_WHEELS and not _compiles():
        return (
            f"Realign needs a C compiler and Python's headers, because {called}, for which the package immutables has "
            "no wheel; install both (on Debian, apt-get install gcc libc6-dev python3-dev), or use another Python: "
            "make PYTHON=python3.13"
        )
    return None


def _compiles():
    """Whether there is the compiler that this Python was built with, or CC, and the headers of Python."""
    compiler = (os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc").split()[0]
    return bool(shutil.which(compiler)) and Path(sysconfig.get_path("include"), "Python.h").exists()


if __name__ == "__main__":
    sys.exit(trouble(sys.argv[1]))
