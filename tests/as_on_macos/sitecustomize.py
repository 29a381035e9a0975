"""Take from every process whose PYTHONPATH has this folder what Python and the system lack on macOS.

It cannot show what macOS does otherwise than Linux, such as what a fork may do.
"""

import os
import select
import signal
import socket
import sys
from contextlib import suppress

import psutil

OWN = f"{os.sep}workflow{os.sep}"
MISSING = {
    os: "copy_file_range eventfd fdatasync getrandom getxattr memfd_create pidfd_open pipe2 posix_fadvise "
    "posix_fallocate removexattr sched_getaffinity sched_setaffinity setresuid setxattr splice",
    select: "epoll",
    signal: "pidfd_send_signal sigtimedwait sigwaitinfo SIGPWR SIGSTKFLT",
    socket: "AF_NETLINK AF_PACKET SOCK_CLOEXEC SOCK_NONBLOCK SO_PEERCRED",
    psutil.Process: "cpu_affinity io_counters ionice memory_maps rlimit",
}
for room, names in MISSING.items():
    for name in names.split():
        with suppress(AttributeError):
            delattr(room, name)
os.process_cpu_count = os.cpu_count  # from Python 3.13 on; on Linux it asks for the affinity


def without_proc(event: str, arguments: tuple[object, ...]) -> None:
    """Let code of the project find no /proc; psutil, which needs it on Linux, has other ways on macOS."""
    if event in ("open", "os.listdir", "os.scandir") and str(arguments[0]).startswith("/proc"):
        frame = sys._getframe(1)
        while frame.f_back and frame.f_code.co_filename.startswith((sys.base_prefix, "<frozen")):
            frame = frame.f_back
        if OWN in frame.f_code.co_filename:
            raise FileNotFoundError(2, "No such file or directory", arguments[0])


sys.addaudithook(without_proc)
