"""Start jobs from a process that has already imported their libraries: the side of Snakemake (docs/warm-start.md).

Importing torch, transformers and a model family takes longer than most jobs. The first job that needs them starts a
server (`realign.jobs.forking`), which imports them once, and forks this job and all later ones. The server is a child
of this process, answers only to it, and ends with it.
"""

import ctypes
import os
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Lock
from types import SimpleNamespace
from typing import Any

import psutil

SWITCH = "REALIGN_WARM_START"
"""The environment variable that turns the warm start off, with the value `no`."""
MOST_SERVERS = 4
"""Jobs with other numbers of threads have other servers; more kinds of jobs than this start by themselves."""
ENOUGH_MEMORY = 2e9
"""Bytes that must be available for another server, which needs a quarter of them."""
PREFIX = "set -euo pipefail; "
"""How a command of Snakemake begins, if it needs no environment of its own."""
PR_SET_CHILD_SUBREAPER = 36
"""From linux/prctl.h."""


class ForkedJob:
    """A job that a server has forked for this process, with what Snakemake uses of `subprocess.Popen`."""

    stdout = None

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None

    def wait(self) -> int:
        """The exit status of the job once it has ended; negative if a signal ended it."""
        if self.returncode is None:
            self.returncode = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        return self.returncode

    def terminate(self) -> None:
        """Send SIGTERM."""
        self._send(signal.SIGTERM)

    def kill(self) -> None:
        """Send SIGKILL."""
        self._send(signal.SIGKILL)

    def _send(self, number: int) -> None:
        if self.returncode is None:
            os.kill(self.pid, number)


class Server:
    """A process that imports and forks; its jobs have the surroundings that it was started with."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        """Start it as Snakemake starts a job, with these `options` of `subprocess.Popen`."""
        self._socket, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        room = "-" * 1000  # for the command line that a forked job shows
        command = shlex.join([sys.executable, "-P", "-m", "realign.jobs.forking", str(other.fileno()), room])
        with other:
            self._process = subprocess.Popen(PREFIX + command, **options, pass_fds=[other.fileno()])

    def fork(self, script: str) -> ForkedJob | None:
        """Run a script in a fork; None if the server cannot fork, or has gone."""
        read_end, write_end = os.pipe()
        with os.fdopen(read_end) as report:
            try:
                socket.send_fds(self._socket, [script.encode()], [write_end])
            except OSError:
                return None
            finally:
                os.close(write_end)
            pid = report.read()
            return ForkedJob(int(pid)) if pid else None


class WarmStart:
    """Starts commands like `subprocess.Popen`, but forks those that run one of this project's scripts."""

    def __init__(self, pays: Callable[[], bool]) -> None:
        """Fork jobs if `pays`, which is asked when a job starts."""
        self._pays = pays
        self._servers: dict[object, Server] = {}
        self._lock = Lock()

    def popen(self, command: str, **options: Any) -> "subprocess.Popen[Any] | ForkedJob":
        """Start a shell command; `options` are those of `subprocess.Popen`."""
        script = script_of(command)
        if script and options.get("stdout") != subprocess.PIPE and self._pays():
            server = self._server(computes(script), options)
            if server and (job := server.fork(script)):
                return job
        return subprocess.Popen(command, **options)

    def _server(self, computing: bool, options: Mapping[str, Any]) -> Server | None:
        """The server for an environment and the current folder, both of which a fork inherits.

        Jobs that compute with a model do not share theirs with others, which would seem to need the memory of torch.
        """
        key = computing, os.getcwd(), frozenset(options["env"].items())  # noqa: PTH109 (fast)
        with self._lock:
            room = len(self._servers) < MOST_SERVERS
            if key not in self._servers and room and psutil.virtual_memory().available > ENOUGH_MEMORY:
                self._servers[key] = Server(options)
            return self._servers.get(key)


def script_of(command: str) -> str | None:
    """The file that a command runs, if it is a job of this project, in this Python, and nothing else is asked for.

    Jobs that fetch start by themselves, because libraries read whether they are online when they are imported.
    """
    try:
        arguments = shlex.split(command.removeprefix(PREFIX)) if command.startswith(PREFIX) else []
    except ValueError:  # a command that only looks like one, such as an unfinished quotation
        return None
    if len(arguments) == 2 and arguments[0] == sys.executable:
        text = Path(arguments[1]).read_text(encoding="utf-8")
        if "\nfrom realign.jobs.job import job\n" in text and "online=True" not in text:
            return arguments[1]
    return None


def computes(script: str) -> bool:
    """Whether a script works with a model."""
    return "from realign.encoders" in Path(script).read_text(encoding="utf-8")


def start_jobs_warm(pays: Callable[[], bool]) -> None:
    """From now on, let Snakemake fork jobs of this project if it `pays`, the system can and the user wants it.

    Snakemake has no setting for how it starts a process, so this replaces the module `subprocess` in one of its own.
    """
    shell = sys.modules.get("snakemake.shell")
    on_linux = hasattr(os, "pidfd_open")
    if not on_linux or os.environ.get(SWITCH) == "no" or getattr(shell, "sp", None) is not subprocess:
        return
    # jobs become children of this process as soon as the server's process between them has ended
    if ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0:
        shell.sp = SimpleNamespace(**{**vars(subprocess), "Popen": WarmStart(pays).popen})  # type: ignore[union-attr]
