"""Snakemake without its start: one process imports it once, and each command of the tests is forked from it.

Run as a program, this file is that process. It imports nothing of `realign`, since a study has its own copy of the
project, which tests change.
"""

import atexit
import json
import os
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path


def snakemake(options: Sequence[str], folder: Path, variables: Mapping[str, str]) -> "subprocess.CompletedProcess[str]":
    """What `python -m snakemake` with these options says in a folder, in an environment of these variables alone."""
    with tempfile.TemporaryDirectory() as said:
        streams = [f"{said}/{name}" for name in ("stdout", "stderr")]
        request = {"options": list(options), "folder": str(folder), "variables": dict(variables), "streams": streams}
        server = _server()
        assert server.stdin is not None and server.stdout is not None
        server.stdin.write(json.dumps(request) + "\n")
        server.stdin.flush()
        status = int(server.stdout.readline())
        stdout, stderr = (Path(stream).read_text(encoding="utf-8") for stream in streams)
    return subprocess.CompletedProcess(list(options), status, stdout, stderr)


@cache
def _server() -> "subprocess.Popen[str]":
    server = subprocess.Popen([sys.executable, __file__], stdin=-1, stdout=-1, text=True)
    atexit.register(server.kill)
    return server


def _serve() -> None:
    """Answer each line of requests with the status of its command."""
    import snakemake.cli  # noqa: F401
    import snakemake_logger_plugin_rich  # noqa: F401
    import yaml  # noqa: F401

    sys.path.remove(str(Path(__file__).parent))
    for line in sys.stdin:
        child = os.fork()
        if not child:
            _run(**json.loads(line))
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        print(status, flush=True)


def _run(options: list[str], folder: str, variables: dict[str, str], streams: list[str]) -> None:
    from snakemake.cli import main

    for number, name in enumerate(["/dev/null", *streams]):
        opened = os.open(name, os.O_RDWR | os.O_CREAT | os.O_APPEND)
        os.dup2(opened, number)
        os.close(opened)
    os.environ.clear()
    os.environ.update(variables)
    os.chdir(folder)
    sys.path.insert(0, folder)
    sys.argv = ["snakemake", *options]
    status = 0
    try:
        main()
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
    except BaseException:
        traceback.print_exc()
        status = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


if __name__ == "__main__":
    _serve()
