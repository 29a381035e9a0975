"""A signal to the Snakemake inside a job reaches the training below it, and nothing that would die of it."""

import os
import signal
import subprocess
import sys

import pytest

from study import PROJECT

# a process that saves on a signal, and one that would die; and above them one that sets its own handlers afterwards
BELOW = """
import os, signal, sys, time
def note(number, frame):
    os.write(1, b"saved %d\\n" % number)  # a print may be interrupted in the midst of another
    os._exit(0)
if sys.argv[1] == "training":
    for number in (signal.SIGUSR1, signal.SIGTERM):
        signal.signal(number, note)
print("ready", flush=True)
time.sleep(5 if sys.argv[1] == "training" else 1.5)
print("not signalled", flush=True)
"""
ABOVE = """
import signal, subprocess, sys
from realign.jobs.signals import pass_on_warnings
pass_on_warnings()
signal.signal(signal.SIGTERM, lambda *_: print("above is signalled", flush=True))
below = [subprocess.Popen([sys.executable, "-c", sys.argv[1], kind]) for kind in ("training", "scoring")]
sys.exit(sum(process.wait() for process in below))
"""


@pytest.mark.parametrize("number", [signal.SIGUSR1, signal.SIGTERM])
def test_a_warning_reaches_the_process_that_listens_and_no_other(number: signal.Signals) -> None:
    environment = {**os.environ, "PYTHONPATH": str(PROJECT / "workflow")}
    environment.pop("PYTHONUNBUFFERED", None)  # without a buffer, print writes a line and its end apart
    command = [sys.executable, "-c", ABOVE, BELOW]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert [process.stdout.readline() for _ in range(2)] == ["ready\n"] * 2
    process.send_signal(number)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    above = ["above is signalled"] if number == signal.SIGTERM else []
    assert sorted(said.splitlines()) == sorted([*above, f"saved {number}", "not signalled"])
