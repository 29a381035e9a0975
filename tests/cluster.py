"""A real SLURM of two nodes on this machine, installed from Debian's packages and gone after the tests.

Its configuration has to be /etc/slurm, since the steps of a job do not inherit SLURM_CONF.
"""

import fcntl
import os
import re
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from debian import Unavailable, install

SUBMITTED = pytest.StashKey[int]()
"""How many jobs, tries included, the cluster has ended."""
PACKAGES = {
    "slurmctld": "slurmctld",
    "slurmd": "slurmd",
    "slurm-client": "sbatch",
    "munge": "munged",
}
"""Debian's packages, and a program of each."""
ACCOUNTING_PACKAGES = {"slurmdbd": "slurmdbd", "mariadb-server-core": "mariadbd", "mariadb-client-core": "mariadb"}
CLUSTER, ACCOUNT = "realign", "my-project"
CONFIGURATION = Path("/etc/slurm")
SAVED = Path("/etc/slurm.realign-saved")
"""The machine's own configuration while a cluster runs; an empty folder if it has none."""
NODES = ["node1", "node2"]

SLURM_CONF = """
ClusterName={cluster}
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
AuthType=auth/munge
# a killed job starts again in seconds, not minutes
AuthInfo=socket={home}/munge.socket,cred_expire=5
CryptoType=crypto/munge
SlurmctldPort={controller_port}
StateSaveLocation={home}/state
SlurmdSpoolDir={home}/spool-%n
SlurmctldPidFile={home}/slurmctld.pid
SlurmdPidFile={home}/slurmd-%n.pid
SlurmctldLogFile={home}/slurmctld.log
SlurmdLogFile={home}/slurmd-%n.log
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SchedulerParameters=sched_interval=1,batch_sched_delay=0
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill
JobCompType=jobcomp/filetxt
JobCompLoc={home}/completed.txt
{accounting}
GresTypes=gpu
# the nodes are as large as written here, whatever this machine is
SlurmdParameters=config_overrides
KillWait=5
ReturnToService=2
{nodes}
PartitionName=cpu Nodes=ALL Default=YES MaxTime=INFINITE
PartitionName=gpu Nodes=ALL MaxTime=INFINITE
"""
NODE = (
    "NodeName={name} NodeHostname={host} NodeAddr=127.0.0.1 Port={port} "
    "CPUs=2 Boards=1 SocketsPerBoard=1 CoresPerSocket=2 ThreadsPerCore=1 RealMemory=60000 Gres=gpu:fake:2"
)
NO_ACCOUNTING = "AccountingStorageType=accounting_storage/none"
ACCOUNTING = """AccountingStorageType=accounting_storage/slurmdbd
AccountingStorageEnforce=associations
AccountingStorageHost=127.0.0.1
AccountingStoragePort={port}
AccountingStoragePass={home}/munge.socket"""
SLURMDBD_CONF = """
AuthType=auth/munge
AuthInfo=socket={home}/munge.socket
DbdHost={host}
DbdAddr=127.0.0.1
DbdPort={port}
SlurmUser=root
LogFile={home}/slurmdbd.log
PidFile={home}/slurmdbd.pid
StorageType=accounting_storage/mysql
StorageHost=127.0.0.1
StoragePort={database_port}
StorageUser=slurm
StoragePass=slurm
"""


class NoCluster(Exception):
    """Why SLURM cannot run here."""


def slurm(*command: str) -> str:
    """The output of one of SLURM's commands."""
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout


@contextmanager
def cluster(*, accounting: bool = False) -> Iterator[Path]:
    """Run the cluster, and stop all of it afterwards; gives the folder with its logs.

    With `accounting`, a database notes jobs, and refuses those of an account other than `ACCOUNT` and root's own.
    """
    _install(PACKAGES | ACCOUNTING_PACKAGES if accounting else PACKAGES)
    with one_at_a_time(), tempfile.TemporaryDirectory(prefix="realign-slurm-") as folder:
        home = Path(folder)
        home.chmod(0o755)
        replace_configuration()
        daemons: list[subprocess.Popen[bytes]] = []
        try:
            _configure(home, accounting)
            _start(home, daemons, accounting)
            yield home
        finally:
            if daemons:
                subprocess.run(["scancel", "--user=root"], capture_output=True, timeout=60, check=False)
            for daemon in reversed(daemons):
                _stop(daemon)
            _end_left_jobs(home)
            put_configuration_back()


def replace_configuration() -> None:
    """Keep the machine's own configuration aside, also where a killed cluster has left its own in its place."""
    put_configuration_back()
    if CONFIGURATION.exists():
        CONFIGURATION.rename(SAVED)
    else:
        SAVED.mkdir()
    CONFIGURATION.mkdir()


def put_configuration_back() -> None:
    """Give the machine its own configuration again; nothing to do where no cluster has replaced it."""
    if SAVED.exists():
        shutil.rmtree(CONFIGURATION, ignore_errors=True)
        SAVED.rename(CONFIGURATION)
        if not any(CONFIGURATION.iterdir()):
            CONFIGURATION.rmdir()


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Wait until no other cluster of these tests runs on this machine, since there is one /etc/slurm."""
    with open(Path(tempfile.gettempdir(), "realign-slurm.lock"), "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def completed(home: Path) -> list[dict[str, str]]:
    """What the controller noted of each job that has ended: a line a job or requeued try."""
    path = home / "completed.txt"
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return [dict(field.split("=", 1) for field in line.split() if "=" in field) for line in lines]


def lose_and_return(node: str) -> None:
    """Set a node down, which ends its jobs at once, and back into service, if it is not back already."""
    slurm("scontrol", "update", f"nodename={node}", "state=down", "reason=test")
    wait_for(lambda: resume(node) or node_state(node) in ("idle", "mix", "alloc"), "the node does not come back")


def node_state(node: str) -> str:
    return slurm("sinfo", "--noheader", f"--nodes={node}", "--format=%t").split()[0]


def resume(node: str) -> bool:
    """Put a node back into service, if it has not already come back by itself."""
    command = ["scontrol", "update", f"nodename={node}", "state=resume"]
    subprocess.run(command, capture_output=True, check=False, timeout=60)
    return False


def computing(job: str) -> psutil.Process | None:
    """The process in which a script of this job computes."""
    for process in psutil.process_iter(["cmdline"]):
        if re.search(r"/\.snakemake/scripts/\S+\.py", " ".join(process.info["cmdline"] or [])):
            try:
                if process.environ().get("SLURM_JOB_ID") == job:
                    return process
            except psutil.Error:
                continue
    return None


def _install(packages: dict[str, str]) -> None:
    if os.geteuid() != 0:
        raise NoCluster("SLURM's daemons need root")
    try:
        install(packages)
    except Unavailable as reason:
        raise NoCluster(str(reason)) from None


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [opened.getsockname()[1] for opened in sockets]
    for opened in sockets:
        opened.close()
    return ports


def _configure(home: Path, accounting: bool) -> None:
    host = socket.gethostname().split(".")[0]
    controller_port, accounting_port, database_port, *ports = _free_ports(3 + len(NODES))
    nodes = [NODE.format(name=name, host=host, port=port) for name, port in zip(NODES, ports, strict=True)]
    text = SLURM_CONF.format(
        cluster=CLUSTER,
        home=home,
        host=host,
        controller_port=controller_port,
        nodes="\n".join(nodes),
        accounting=ACCOUNTING.format(home=home, port=accounting_port) if accounting else NO_ACCOUNTING,
    )
    (CONFIGURATION / "slurm.conf").write_text(text, encoding="utf-8")
    devices = [f"NodeName={name} Name=gpu Type=fake File=/dev/{file}\n" for name in NODES for file in ("null", "zero")]
    (CONFIGURATION / "gres.conf").write_text("".join(devices), encoding="utf-8")
    (home / "state").mkdir()
    key = home / "munge.key"
    key.write_bytes(os.urandom(1024))
    key.chmod(0o600)
    if accounting:
        (home / "database.port").write_text(str(database_port), encoding="utf-8")
        private = CONFIGURATION / "slurmdbd.conf"
        private.touch(mode=0o600)
        private.write_text(
            SLURMDBD_CONF.format(home=home, host=host, port=accounting_port, database_port=database_port),
            encoding="utf-8",
        )


def _start(home: Path, daemons: list[subprocess.Popen[bytes]], accounting: bool) -> None:
    def start(*command: str) -> None:
        log = (home / f"{command[0]}-{command[-1]}.out".replace("/", "_")).open("wb")
        daemons.append(subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL))

    munge = ["munged", "--foreground", "--force", f"--socket={home}/munge.socket", f"--key-file={home}/munge.key"]
    start(*munge, f"--pid-file={home}/munged.pid", f"--log-file={home}/munged.log", f"--seed-file={home}/munged.seed")
    wait_for(lambda: (home / "munge.socket").exists(), "munged does not start")
    if accounting:
        start(*_new_database(home))
        wait_for(lambda: _let_slurm_in(home), "the database does not start")
        start("slurmdbd", "-D")
        wait_for(_add_account, "slurmdbd does not start")
    start("slurmctld", "-D")
    for name in NODES:
        start("slurmd", "-D", "-N", name)
    wait_for(lambda: slurm("sinfo", "--noheader", "--Node", "--format=%T").split() == ["idle"] * 4, "no idle nodes")


def _new_database(home: Path) -> list[str]:
    """Make an empty database, and give the command that runs it."""
    create = ["mariadb-install-db", "--no-defaults", "--user=root", "--skip-test-db", f"--datadir={home}/database"]
    subprocess.run([*create, "--auth-root-authentication-method=socket"], capture_output=True, check=True, timeout=120)
    port = (home / "database.port").read_text(encoding="utf-8")
    command = ["mariadbd", "--no-defaults", "--user=root", f"--datadir={home}/database", "--bind-address=127.0.0.1"]
    return [*command, f"--port={port}", f"--socket={home}/database.socket", f"--pid-file={home}/database.pid"]


def _let_slurm_in(home: Path) -> bool:
    rights = "GRANT ALL ON slurm_acct_db.* TO 'slurm'@'localhost' IDENTIFIED BY 'slurm'"
    slurm("mariadb", "--no-defaults", f"--socket={home}/database.socket", f"--execute={rights}")
    return True


def _add_account() -> bool:
    slurm("sacctmgr", "--immediate", "add", "cluster", CLUSTER)
    slurm("sacctmgr", "--immediate", "add", "account", ACCOUNT)
    slurm("sacctmgr", "--immediate", "add", "user", "root", f"account={ACCOUNT}")
    return True


def _stop(daemon: "subprocess.Popen[bytes]") -> None:
    daemon.terminate()
    try:
        daemon.wait(timeout=20)
    except subprocess.TimeoutExpired:
        daemon.kill()
        daemon.wait()


def _end_left_jobs(home: Path) -> None:
    """End what the daemons leave of jobs: without cgroups, a process whose parent has died escapes them."""
    for process in psutil.process_iter(["name"]):
        try:
            if process.info["name"] == "slurmstepd":
                left = any(Path(file.path).is_relative_to(home) for file in process.open_files())
            else:
                left = process.environ().get("SLURM_CLUSTER_NAME") == CLUSTER
            if left:
                process.kill()
        except psutil.Error:
            continue


def wait_for(condition: Callable[[], bool], failure: str, seconds: float = 60) -> None:
    """Wait until a condition holds; raises `TimeoutError` with `failure` when it does not in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if condition():
                return
        except subprocess.SubprocessError:
            pass
        time.sleep(0.2)
    raise TimeoutError(failure)
