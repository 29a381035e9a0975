"""Programs that tests need from Debian: found, or else installed."""

import os
import shutil
import subprocess


class Unavailable(Exception):
    """A program is not here, and cannot be installed."""


def install(packages: dict[str, str]) -> None:
    """Install the packages whose program is missing (package: program); raises `Unavailable`."""
    missing = [package for package, program in packages.items() if not shutil.which(program)]
    if not missing:
        return
    names = ", ".join(missing)
    if os.geteuid() != 0:
        raise Unavailable(f"{names} cannot be installed without root")
    if not shutil.which("apt-get"):
        raise Unavailable(f"{names} not installed, and only apt-get is known to install it")
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update"], ["install", "--yes", "--no-install-recommends", *missing]):
        done = subprocess.run(["apt-get", *command], env=quiet, capture_output=True, text=True, check=False)
        if done.returncode:
            raise Unavailable(f"apt-get cannot install {names}: {done.stderr.strip()[-200:]}")
