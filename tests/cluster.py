"""A real SLURM of two nodes on this machine, installed from Debian's packages and gone after the tests.

Its configuration has to be /etc/slurm, since the steps of a job do not inherit SLURM_CONF.
"""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

SUBMITTED = pytest.StashKey[int]()
"""How many jobs, tries included, the cluster has ended."""
PACKAGES = ["slurmctld", "slurmd", "slurm-client", "munge"]
CONFIGURATION = Path("/etc/slurm")
NODES = ["node1", "node2"]

SLURM_CONF = """
ClusterName=realign
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
AccountingStorageType=accounting_storage/none
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


class NoCluster(Exception):
    """Why SLURM cannot run here."""


def slurm(*command: str) -> str:
    """The output of one of SLURM's commands."""
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout


@contextmanager
def cluster() -> Iterator[Path]:
    """Run the cluster, and stop all of it afterwards; gives the folder with its logs."""
    _install()
    saved = None
    with tempfile.TemporaryDirectory(prefix="realign-slurm-") as folder:
        home = Path(folder)
        home.chmod(0o755)
        if CONFIGURATION.exists():
            saved = CONFIGURATION.with_name("slurm.realign-saved")
            CONFIGURATION.rename(saved)
        daemons: list[subprocess.Popen[bytes]] = []
        try:
            _configure(home)
            _start(home, daemons)
            yield home
        finally:
            if daemons:
                subprocess.run(["scancel", "--user=root"], capture_output=True, timeout=60, check=False)
            for daemon in reversed(daemons):
                daemon.terminate()
            for daemon in daemons:
                try:
                    daemon.wait(timeout=20)
                except subprocess.TimeoutExpired:
                    daemon.kill()
                    daemon.wait()
            shutil.rmtree(CONFIGURATION)
            if saved:
                saved.rename(CONFIGURATION)


def completed(home: Path) -> list[dict[str, str]]:
    """What the controller noted of each job that has ended: a line a job or requeued try."""
    path = home / "completed.txt"
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return [dict(field.split("=", 1) for field in line.split() if "=" in field) for line in lines]


def _install() -> None:
    if all(shutil.which(program) for program in ("slurmctld", "slurmd", "munged", "sbatch")):
        if os.geteuid() != 0:
            raise NoCluster("SLURM's daemons need root")
        return
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise NoCluster("SLURM is not installed, and only root installs it by apt-get")
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update"], ["install", "--yes", "--no-install-recommends", *PACKAGES]):
        done = subprocess.run(["apt-get", *command], env=quiet, capture_output=True, text=True, check=False)
        if done.returncode:
            raise NoCluster(f"apt-get cannot install SLURM: {done.stderr.strip()[-200:]}")


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [opened.getsockname()[1] for opened in sockets]
    for opened in sockets:
        opened.close()
    return ports


def _configure(home: Path) -> None:
    CONFIGURATION.mkdir()
    host = socket.gethostname().split(".")[0]
    controller_port, *ports = _free_ports(1 + len(NODES))
    nodes = [NODE.format(name=name, host=host, port=port) for name, port in zip(NODES, ports, strict=True)]
    text = SLURM_CONF.format(home=home, host=host, controller_port=controller_port, nodes="\n".join(nodes))
    (CONFIGURATION / "slurm.conf").write_text(text, encoding="utf-8")
    devices = [f"NodeName={name} Name=gpu Type=fake File=/dev/{file}\n" for name in NODES for file in ("null", "zero")]
    (CONFIGURATION / "gres.conf").write_text("".join(devices), encoding="utf-8")
    (home / "state").mkdir()
    key = home / "munge.key"
    key.write_bytes(os.urandom(1024))
    key.chmod(0o600)


def _start(home: Path, daemons: list[subprocess.Popen[bytes]]) -> None:
    munge = ["munged", "--foreground", "--force", f"--socket={home}/munge.socket", f"--key-file={home}/munge.key"]
    munge += [f"--pid-file={home}/munged.pid", f"--log-file={home}/munged.log", f"--seed-file={home}/munged.seed"]
    commands = [munge, ["slurmctld", "-D"], *(["slurmd", "-D", "-N", name] for name in NODES)]
    for command in commands:
        log = (home / f"{command[0]}-{command[-1]}.out".replace("/", "_")).open("wb")
        daemons.append(subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL))
        if command is munge:
            wait_for(lambda: (home / "munge.socket").exists(), "munged does not start")
    wait_for(lambda: slurm("sinfo", "--noheader", "--Node", "--format=%T").split() == ["idle"] * 4, "no idle nodes")


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
