"""Import what jobs need, and fork a process for each: the server's side of the warm start (docs/warm-start.md).

`python -m realign.jobs.forking FD` receives paths of scripts on a socket, each with a pipe, on which it reports the
number of the process that runs the script. The server only imports: it computes nothing, starts no thread and touches
no GPU, so that a fork of it is as good as a new process.
"""

import ctypes
import gc
import os
import select
import signal
import socket
import sys
import time
import traceback
from collections.abc import Iterable
from contextlib import suppress
from importlib import import_module
from itertools import chain
from pathlib import Path
from types import ModuleType
from typing import NoReturn

from realign.jobs.digest import imported_names
from realign.jobs.job import at_end, set_environment, short_log

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1)
"""May be sent to all processes of a run or of a cluster's job, but are meant for the jobs."""
PATIENCE = 5.0
"""Seconds that jobs have to save their state once Snakemake is gone."""
LESSON = 1 << 17
"""Bytes of module names that a job may tell."""
DEVICES = ("/dev/nvidia", "/dev/kfd", "/dev/dri")
"""Files that a process holds open once it has used a GPU, which a fork of it could not use."""
QUIET_IMPORTS = {"JE_ARROW_MALLOC_CONF": "background_thread:false"}
"""Without it, importing pyarrow starts a thread of its memory allocator."""

ALONGSIDE = {"realign.encoders.checkpoint": ("transformers.modeling_utils", "realign.encoders.conversions")}
"""What the functions of a module import, most of a second and a half: the server would otherwise import it after the
first jobs that call them, which all had to import it themselves."""


class Server:
    """Forks a process for each script that it receives."""

    def __init__(self, requests: socket.socket) -> None:
        self._requests = requests
        self._lessons, self._teachers = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._teachers.setblocking(False)
        self._teachers.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 2 * LESSON)
        self._jobs: list[int] = []
        """A descriptor (pidfd) of each job."""
        self._prepared: set[str] = set()
        self._fit = True
        self._variables = {name: value for name, value in QUIET_IMPORTS.items() if name not in os.environ}
        os.environ.update(self._variables)
        self._handlers = {number: signal.signal(number, signal.SIG_IGN) for number in SIGNALS}
        self._outputs = {number: os.dup(number) for number in (1, 2)}
        with open(os.devnull, "w", encoding="ascii") as nowhere:
            for number in self._outputs:
                os.dup2(nowhere.fileno(), number)
        sys.stderr = short_log()  # loggers of libraries keep what they find when they are imported

    def serve(self) -> NoReturn:
        """Answer until Snakemake is gone."""
        while True:
            ready, _, _ = select.select([self._lessons, self._requests], [], [])
            if self._lessons in ready:
                self._learn(self._lessons.recv(LESSON).decode().split())
                continue
            script, pipes = b"", list[int]()
            with suppress(ConnectionError):
                script, pipes, _, _ = socket.recv_fds(self._requests, 1 << 16, 1)
            if not script:
                self._end()
            with os.fdopen(pipes[0], "w", encoding="ascii") as report:
                self._start(Path(script.decode()), report.fileno())

    def _start(self, script: Path, report: int) -> None:
        """Fork a process for a script and report its number; report nothing if a fork is not safe."""
        _, _, name = script.name.partition(".")  # Snakemake runs a copy, such as tmp8sa2.score.py
        if name not in self._prepared:
            self._prepared.add(name)
            self._learn(imported_names(script))
        if not self._fit:
            return
        here, there = socket.socketpair()
        with here, there:
            signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
            parent = os.fork()
            if parent == 0:
                try:
                    if os.fork() == 0:
                        here.close()
                        os.close(report)
                        self._become(script, there)
                finally:
                    os._exit(1)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
            there.close()
            os.waitpid(parent, 0)  # now the job is a child of Snakemake, which takes orphans (realign.jobs.warm)
            if pid := here.recv(20):
                self._jobs = [*self._running(), os.pidfd_open(int(pid))]
                with suppress(OSError):  # Snakemake or the job is gone
                    os.write(report, pid)
                    here.send(b"!")

    def _become(self, script: Path, server: socket.socket) -> NoReturn:
        """In a fork: give up everything of the server, and run a script once Snakemake knows of this process."""
        server.send(str(os.getpid()).encode())
        if not server.recv(1):
            os._exit(1)
        server.close()
        for job in self._jobs:
            os.close(job)
        self._requests.close()
        self._lessons.close()
        for number, output in self._outputs.items():
            os.dup2(output, number)
            os.close(output)
        sys.stderr = sys.__stderr__
        for name in self._variables:
            del os.environ[name]
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
        known = frozenset(sys.modules)
        at_end.append(lambda: self._teach(name for name in sys.modules if name not in known))
        run(script)

    def _teach(self, names: Iterable[str]) -> None:
        """In a fork: tell the server what this job has imported, in that order, so that later jobs find it there.

        A job imports more than its script names once it knows its task and its model's family.
        """
        with suppress(OSError):
            self._teachers.send(" ".join(names).encode()[:LESSON])

    def _learn(self, names: Iterable[str]) -> None:
        """Import these modules, and find out whether a fork is still safe."""
        new = [name for name in names if name not in sys.modules]
        for name in chain.from_iterable((name, *ALONGSIDE.get(name, ())) for name in new):
            with suppress(Exception):  # a name that is no module, or an error that the job will meet itself
                import_module(name)
        if new:
            sys.stdout.flush()  # or a fork would write it again
            gc.collect()
            gc.freeze()  # garbage collection in a fork then leaves the shared memory alone
            self._fit = may_fork()

    def _running(self) -> list[int]:
        """Jobs that have not ended; closes the descriptors of the others."""
        ended, _, _ = select.select(self._jobs, [], [], 0)
        for job in ended:
            os.close(job)
        return [job for job in self._jobs if job not in ended]

    def _end(self) -> NoReturn:
        """Ask the running jobs to save their state, and end with the last of them."""
        self._send(signal.SIGTERM)
        end = time.monotonic() + PATIENCE
        while self._jobs and time.monotonic() < end:
            time.sleep(0.05)
            self._jobs = self._running()
        self._send(signal.SIGKILL)
        os._exit(0)

    def _send(self, number: int) -> None:
        for job in self._jobs:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(job, number)


def run(script: Path) -> NoReturn:
    """Run a script as `python script` would; it usually ends the process itself (`realign.jobs.job`)."""
    show_command(sys.executable, str(script))
    sys.argv = [str(script)]
    sys.path.insert(0, str(script.parent.resolve()))
    main = sys.modules["__main__"] = ModuleType("__main__")
    main.__file__ = str(script.absolute())
    try:
        exec(compile(script.read_bytes(), main.__file__, "exec"), main.__dict__)
        status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
        status = 1
    sys.stdout.flush()
    os._exit(status)


def may_fork() -> bool:
    """Whether this process has one thread, and has not used a GPU."""
    files = []
    for link in Path("/proc/self/fd").iterdir():
        with suppress(OSError):  # the folder's own descriptor is closed by now
            files.append(str(link.readlink()))
    return threads() == 1 and not any(file.startswith(DEVICES) for file in files)


def threads() -> int:
    """The number of threads of this process, those of libraries included."""
    return len(os.listdir("/proc/self/task"))


def show_command(*command: str) -> None:
    """Let `ps` show this command, in the memory that holds the server's own, which is longer."""
    fields = Path("/proc/self/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    start, end = int(fields[45]), int(fields[46])  # arg_start and arg_end, see proc(5)
    if 0 < start < end:
        text = "\0".join(command).encode()[: end - start - 1]
        ctypes.memmove(start, text.ljust(end - start, b"\0"), end - start)


def serve() -> NoReturn:
    """Serve on the socket whose descriptor is the first argument."""
    set_environment(int(os.environ["OMP_NUM_THREADS"]))
    Server(socket.socket(fileno=int(sys.argv[1]))).serve()


if __name__ == "__main__":
    serve()
