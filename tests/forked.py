"""Snakemake without its start: one process imports it once, and each command of the tests is forked from it.

Run as a program, this file is that process. It imports nothing of `realign`, since a study has its own copy of the
project, which tests change. It also imports the libraries of the jobs, so that the servers of the warm start need not
import them for each run: these are forked as well, where nothing in their environment says otherwise.
"""

import atexit
import gc
import json
import os
import socket
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

LIBRARIES = [
    *("snakemake.cli", "snakemake_logger_plugin_rich", "yaml", "pydantic", "psutil", "tqdm", "conllu"),
    *("torch", "torch.func", "torch.utils.checkpoint", "safetensors.torch", "tokenizers", "transformers"),
    *("transformers.models.bert.modeling_bert", "transformers.models.bert.tokenization_bert"),
    *("transformers.models.xlm_roberta.tokenization_xlm_roberta", "pandas", "pyarrow.parquet"),
    *("scipy.stats", "statsmodels.formula.api", "statsmodels.stats.multitest", "matplotlib.pyplot"),
    *("matplotlib.backends.backend_pdf", "matplotlib.backends.backend_svg", "seqeval.metrics", "itables"),
]
READ_AT_IMPORT = ("HF_", "TRANSFORMERS_", "TORCH", "CUDA", "PYTHONHASHSEED", "MPL")
"""Variables (their beginnings) that libraries read when they are imported."""
SINGLE_THREAD = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "MKL", "OPENBLAS", "RAYON")}
WITHOUT_THREADS = {"TOKENIZERS_PARALLELISM": "false", "HF_HUB_OFFLINE": "1"} | SINGLE_THREAD
SERVER = "-m realign.jobs.forking "


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
    room = "-" * 1000  # for the command lines that forks of it show
    server = subprocess.Popen([sys.executable, __file__, room], stdin=-1, stdout=-1, text=True)
    atexit.register(server.kill)
    return server


def _serve() -> None:
    """Answer each line of requests with the status of its command."""
    own = dict(os.environ)
    os.environ.update(WITHOUT_THREADS, JE_ARROW_MALLOC_CONF="background_thread:false")
    for library in LIBRARIES:
        import_module(library)
    os.environ.clear()
    os.environ.update(own)
    gc.collect()
    gc.freeze()
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
    end_forks = _fork_servers_of_jobs()
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
    end_forks()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def _fork_servers_of_jobs() -> Callable[[], None]:
    """From now on, fork the servers of the warm start from this process as it is now, before Snakemake has threads.

    Returns what ends the process between them.
    """
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    forks = os.fork()
    if forks == 0:
        ours.close()
        _fork_on_request(theirs)
    theirs.close()

    class Popen(subprocess.Popen[Any]):
        def __init__(self, args: Any, *rest: Any, **options: Any) -> None:
            if not isinstance(args, str) or SERVER not in args or not _may_fork(options["env"]):
                super().__init__(args, *rest, **options)
                return
            self.args, self.returncode, self._child_created = args, None, False
            request = json.dumps({"folder": str(Path.cwd()), "variables": dict(options["env"])})
            socket.send_fds(ours, [request.encode()], list(options["pass_fds"]))
            self.pid = int(ours.recv(20))

    def end() -> None:
        ours.close()
        os.waitpid(forks, 0)

    subprocess.Popen = Popen  # type: ignore[misc]
    return end


def _may_fork(variables: Mapping[str, str]) -> bool:
    """Whether the libraries would be as they are now if they were imported in this environment."""
    threads = SINGLE_THREAD.items() <= {**SINGLE_THREAD, **variables}.items() and "OMP_NUM_THREADS" in variables
    return threads and not any(name.startswith(READ_AT_IMPORT) for name in variables)


def _fork_on_request(requests: socket.socket) -> NoReturn:
    """Answer each request with the number of a process that becomes a server, until Snakemake has ended."""
    while True:
        request, descriptors, _, _ = socket.recv_fds(requests, 1 << 20, 1)
        if not request:
            os._exit(0)
        server = os.fork()
        if server == 0:
            requests.close()
            _become_server(descriptors[0], **json.loads(request))
        os.close(descriptors[0])
        requests.send(str(server).encode())


def _become_server(descriptor: int, folder: str, variables: dict[str, str]) -> NoReturn:
    """What `python -P -m realign.jobs.forking` does once it has imported the libraries."""
    os.environ.clear()
    os.environ.update(variables)
    os.chdir(folder)
    del sys.path[0]  # of the study, which option -P leaves out
    sys.path[:0] = [path for path in variables.get("PYTHONPATH", "").split(os.pathsep) if path]
    sys.argv = ["realign.jobs.forking", str(descriptor)]
    with suppress(SystemExit):
        forking = import_module("realign.jobs.forking")
        forking.show_command(sys.executable, "-P", "-m", *sys.argv)
        forking.serve()
    os._exit(1)


if __name__ == "__main__":
    _serve()
