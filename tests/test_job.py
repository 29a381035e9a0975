"""How a job ends: its log, the one line on the terminal, its exit status."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

WORKFLOW = Path(__file__).parents[1] / "workflow"


def run(folder: Path, body: str) -> subprocess.CompletedProcess[str]:
    code = f"from realign.jobs.job import job\nwith job('logs/stage.log', threads=3):\n    {body}\n"
    environment = {**os.environ, "PYTHONPATH": str(WORKFLOW)}
    return subprocess.run([sys.executable, "-c", code], cwd=folder, env=environment, capture_output=True, text=True)


def test_a_good_job_says_nothing_on_the_terminal(tmp_path: Path) -> None:
    finished = run(
        tmp_path, "import os; os.system('echo from a child'); print('threads', os.environ['OMP_NUM_THREADS'])"
    )
    assert (finished.returncode, finished.stdout, finished.stderr) == (0, "", "")
    assert sorted((tmp_path / "logs/stage.log").read_text().splitlines()) == ["from a child", "threads 3"]


def test_a_job_computes_with_the_threads_that_it_was_given(tmp_path: Path) -> None:
    body = """import os, torch
    from realign.encoders.devices import use_threads
    print([os.environ[f"{name}_NUM_THREADS"] for name in ("OMP", "MKL", "OPENBLAS", "RAYON")])
    use_threads(3)
    print(torch.get_num_threads())"""
    assert run(tmp_path, body).returncode == 0
    assert (tmp_path / "logs/stage.log").read_text().splitlines() == ["['3', '3', '3', '3']", "3"]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("from realign.errors import InputError; raise InputError('bitext:3: no words')", "bitext:3: no words"),
        ("import errno; raise OSError(errno.ENOSPC, 'full', 'x.csv')", "the disk is full while writing x.csv"),
        ("import errno; raise OSError(errno.EDQUOT, 'q', 'x.csv')", "the disk quota is used up while writing x.csv"),
        (
            "raise RuntimeError('[enforce fail at inline_container.cc:664] . unexpected pos 64 vs 0\\nframe #0')",
            "the disk is full or its quota used up",
        ),
        (
            "raise RuntimeError('PytorchStreamWriter failed writing file data/0: file write failed')",
            "the disk is full or its quota used up",
        ),
        (
            "raise ValueError('I/O error: No space left on device (os error 28)')",
            "the disk is full or its quota used up while writing a file",
        ),
        ("from realign.training.loop import NonFiniteLoss; raise NonFiniteLoss(7, float('nan'), 1.0)", "nan at step 7"),
    ],
)
def test_a_foreseen_error_is_one_line_in_log_and_terminal(tmp_path: Path, body: str, said: str) -> None:
    finished = run(tmp_path, body)
    (line,) = finished.stderr.splitlines()
    assert finished.returncode == 1
    assert line.startswith("error: ") and said in line
    assert (tmp_path / "logs/stage.log").read_text().splitlines() == [line]


def test_word_that_time_is_nearly_up_does_not_end_a_job_that_cannot_save(tmp_path: Path) -> None:
    body = "import os, signal; os.kill(os.getpid(), signal.SIGUSR1); print('goes on')"
    assert run(tmp_path, body).returncode == 0
    assert (tmp_path / "logs/stage.log").read_text() == "goes on\n"


def test_a_defect_leaves_its_traceback_in_the_log(tmp_path: Path) -> None:
    finished = run(tmp_path, "{}['missing']")
    (line,) = finished.stderr.splitlines()
    assert finished.returncode == 1 and "a defect; the traceback is in logs/stage.log" in line
    assert "Traceback" in (tmp_path / "logs/stage.log").read_text()


def test_a_bar_is_one_line_of_the_log_and_nothing_beside_it_is_lost(tmp_path: Path) -> None:
    body = """import os, sys
    from tqdm import tqdm
    print('before', file=sys.stderr)
    for step in tqdm(range(300), desc='one', mininterval=0):
        if step == 100:
            os.system('echo from a child >&2')
        if step == 200:
            print('warning', file=sys.stderr)
    for step in tqdm(range(300), desc='two', mininterval=0):
        if step == 250:
            raise KeyError(step)"""
    assert run(tmp_path, body).returncode == 1
    lines = (tmp_path / "logs/stage.log").read_text().splitlines()
    assert [line for line in lines if line and "|" not in line][:2] == ["before", "warning"]
    assert [line.split("|")[0] for line in lines if "|" in line] == ["one:  33%", "one:  67%", "one: 100%", "two:  83%"]
    assert sum(line.endswith("from a child") for line in lines) == 1
    assert lines[-1] == "KeyError: 250"


def test_freed_memory_is_used_again_without_new_pages() -> None:
    def pages(call: str) -> int:
        """Pages that the system gave a process for taking and freeing 80 MB again and again."""
        code = f"""
            import resource
            from realign.jobs.memory import keep_freed_memory
            {call}
            faults = []
            for _ in range(9):
                taken = [bytearray(b"x") * 8_000_000 for _ in range(10)]
                del taken
                faults.append(resource.getrusage(resource.RUSAGE_SELF).ru_minflt)
            print(faults[-1] - faults[0])
        """
        environment = {**os.environ, "PYTHONPATH": str(WORKFLOW)}
        command = [sys.executable, "-c", textwrap.dedent(code)]
        return int(subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout)

    assert pages("keep_freed_memory()") < pages("pass") / 10
