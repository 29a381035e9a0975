"""Give each job a GPU of its own, with locks that the kernel releases when their process dies.

Snakemake counts how many GPUs are taken (`--resources gpu=4`), but does not say which. Every job that computes on a GPU
therefore claims one here, before it imports torch. Without NVIDIA GPUs, nothing happens.
"""

import os
import re
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from realign.errors import InputError
from realign.jobs.locks import hold

VISIBLE = "CUDA_VISIBLE_DEVICES"
PER_DEVICE = "REALIGN_JOBS_PER_GPU"
DRIVER = Path("/proc/driver/nvidia/gpus")


class Device(NamedTuple):
    """A GPU: `entry` is its entry in CUDA_VISIBLE_DEVICES; `name` is the same in all processes."""

    entry: str
    name: str


def claim_device(poll: float = 0.5) -> None:
    """Hold a free GPU until this process ends, and hide all others from CUDA; waits while all are taken.

    The only GPU of a SLURM job is used without a lock, because SLURM has assigned it to the job.
    """
    devices = visible_devices()
    if not devices or (len(devices) == 1 and "SLURM_JOB_ID" in os.environ):
        return
    folder = _lock_folder()
    # first places first, so that jobs share a device only when every device has a job
    places = [
        (device, folder / f"{device.name.replace('/', '_')}.{place}")
        for place in range(jobs_per_device())
        for device in devices
    ]
    waiting = False
    while True:
        for device, lock in places:
            if hold(lock):
                os.environ[VISIBLE] = device.entry
                print(f"computing on GPU {device.name}", flush=True)
                return
        if not waiting:
            names = ", ".join(device.name for device in devices)
            print(f"waiting for a free GPU: other jobs compute on {names}", flush=True)
            waiting = True
        time.sleep(poll)


def visible_devices() -> list[Device]:
    """The GPUs of this machine, or those that an inherited CUDA_VISIBLE_DEVICES lists."""
    names = _machine_devices()
    inherited = os.environ.get(VISIBLE)
    if inherited is None:
        return [Device(name, name) for name in names]
    devices: list[Device] = []
    for entry in map(str.strip, inherited.split(",")):
        name = _name_of(entry, names)
        if name is None:  # like CUDA, ignore everything after an unknown entry
            break
        devices.append(Device(entry, name))
    return devices


def jobs_per_device() -> int:
    """The number of jobs that may share a GPU: one, unless the user allows more."""
    value = os.environ.get(PER_DEVICE, "1")
    if not value.isdecimal() or int(value) < 1:
        raise InputError(f"{PER_DEVICE} must be a whole number, at least 1, but is {value!r}")
    return int(value)


def _name_of(entry: str, names: list[str]) -> str | None:
    """The device that an entry of CUDA_VISIBLE_DEVICES means: an index, or a UUID or the beginning of one."""
    if entry.isdecimal():
        return names[int(entry)] if int(entry) < len(names) else None
    matches = [name for name in names if entry and name.startswith(entry)]
    return matches[0] if len(matches) == 1 else None


def _machine_devices() -> list[str]:
    """UUIDs of the NVIDIA GPUs that this process may use; REALIGN_GPUS, such as `0,1`, replaces them for tests."""
    if "REALIGN_GPUS" in os.environ:
        return [name for name in os.environ["REALIGN_GPUS"].split(",") if name]
    if shutil.which("nvidia-smi"):  # asked first, because it omits what a container or scheduler withholds
        try:
            found = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True, timeout=60, check=False)
        except (OSError, subprocess.TimeoutExpired):
            return []
        return _listed(found.stdout) if found.returncode == 0 else []
    files = sorted(DRIVER.glob("*/information"))
    return re.findall(r"GPU UUID:\s*(GPU-[0-9a-f-]+)", "".join(file.read_text(encoding="utf-8") for file in files))


def _listed(listing: str) -> list[str]:
    """UUIDs in the output of `nvidia-smi -L`; a partitioned GPU (MIG) is replaced by its instances."""
    uuids: list[str] = re.findall(r"\(UUID: ([^)]+)\)", listing)
    partitioned = {
        uuid for uuid, following in zip(uuids, uuids[1:], strict=False) if _is_whole(uuid) and not _is_whole(following)
    }
    return [uuid for uuid in uuids if uuid not in partitioned]


def _is_whole(uuid: str) -> bool:
    return uuid.startswith("GPU-")


def _lock_folder() -> Path:
    """This user's folder of locks, outside the study, because all studies on a machine share its GPUs."""
    folder = Path(tempfile.gettempdir()) / f"realign-gpus-{os.getuid()}"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise InputError(f"{folder}: no folder for locks ({error.strerror}); remove it, or set TMPDIR") from None
    if folder.lstat().st_uid != os.getuid():
        raise InputError(f"{folder} belongs to another user; remove it, or set TMPDIR to a folder of your own")
    return folder
