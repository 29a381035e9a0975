"""What a person meets after a mistake: one clear sentence, no traceback, and nothing half-written."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from realign.errors import InputError
from realign.jobs.gpus import claim_device
from realign.jobs.locks import check_folder, claim_folder
from study import PLAIN, PROJECT, Study


def sentence(finished: subprocess.CompletedProcess[str], said: str) -> None:
    """The run failed, its output has the sentence on one line, and no traceback."""
    output = finished.stdout + finished.stderr
    flat = " ".join(output.split())
    assert finished.returncode != 0, output
    assert said in flat, output
    assert "Traceback" not in output, output


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"target_langages": ["de"]}, "config: target_langages: unknown key; did you mean 'target_languages'?"),
        (
            {"target_languages": ["de", "fi"]},
            "config: language 'fi' has no data for bitext: bitext/train.en-fi.txt does not exist",
        ),
        ({"methods": ["baseline", "before-giza"]}, "'before-giza' names an unknown aligner"),
        (
            {"methods": ["baseline", "before-fastalign"], "aligners": {"fastalign": {"program": ["fast_align_x"]}}},
            "config: aligners.fastalign.program: ['fast_align_x'] is not a program on the PATH",
        ),
        (
            {
                "methods": ["baseline"],
                "measurement": {"aligner": "fastalign"},
                "aligners": {"fastalign": {"symmetrizer": ["atools_x"]}},
            },
            "config: aligners.fastalign.symmetrizer: ['atools_x'] is not a program on the PATH",
        ),
        (
            {"dictionaries": {"source": "files", "pattern": "no/{lang}.txt"}},
            "has no data for dictionaries: no/de.txt does not exist",
        ),
        ({"models": {"mine": {"source": "files", "path": "nowhere"}}}, "models.mine.path: no Hugging Face directory"),
        (
            {"bitext": {"source": "files", "pattern": "{language}"}},
            "config: bitext.pattern: found '{language}'; expected no fields except {source}, {lang}, {split}",
        ),
    ],
)
def test_a_mistake_in_the_config_is_reported_before_anything_runs(
    finished_study: Study, changes: dict[str, Any], said: str
) -> None:
    with finished_study.changed_config(**changes):
        sentence(finished_study.snakemake("-n"), said)


def test_sides_of_a_bitext_with_different_lines_are_refused_before_anything_runs(
    new_study: Study, tmp_path: Path
) -> None:
    study = new_study.fresh(tmp_path / "study")
    for side in ("en", "de", "it"):
        for split, lines in (("train", 3), ("test", 2)):
            (study.folder / f"{split}.{side}").write_text("a b c\n" * lines, encoding="utf-8")
    (study.folder / "train.it").write_text("a b\nc d", encoding="utf-8")  # the last line lacks its end
    moses = {"source": "files", "source_side": "{split}.{source}", "target_side": "{split}.{lang}"}
    with study.replaced_config(bitext=moses):
        said = "train.it: 2 lines, but train.en has 3; both sides of a bitext need the same number"
        sentence(study.snakemake("-n"), said)


def test_a_language_of_the_lab_with_five_lines_is_refused_before_anything_runs(
    new_study: Study, tmp_path: Path
) -> None:
    study = new_study.copy(tmp_path)
    (study.folder / "config.yaml").write_bytes((PROJECT / "config.yaml").read_bytes())
    path = study.project / "lab/bitext/train.zh.txt"
    path.write_text("".join(path.read_text(encoding="utf-8").splitlines(keepends=True)[:5]), encoding="utf-8")
    sentence(study.snakemake("-n"), "train.zh.txt: 5 lines, but")


def test_an_empty_dictionary_is_reported_before_anything_runs(finished_study: Study) -> None:
    path = finished_study.folder / "dictionaries" / "en-de.txt"
    with finished_study.changed_file(path, path.read_text(encoding="utf-8"), ""):
        sentence(finished_study.snakemake("-n"), "dictionaries/en-de.txt: empty dictionary")


@pytest.mark.parametrize(
    ("path", "old", "new", "target", "said"),
    [
        (
            "pos/it.test.conllu",
            "1	Il	_	DET	_	_",
            "1	Il	_	DET	_",
            "examples/pos/it/test.parquet",
            "pos/it.test.conllu:3: expected the 10 tab-separated columns of CoNLL-U, found 9",
        ),
        (
            "ner/it.test.txt",
            "Marco	B-PER",
            "Marco	B-MISC",
            "examples/ner/it/test.parquet",
            "label 'B-MISC' is outside the tag set",
        ),
        (
            "bitext/test.en-it.txt",
            " ||| ",
            " | ",
            "bitext/test/en-it.txt",
            "bitext/test.en-it.txt:1: expected 'source ||| target'",
        ),
    ],
)
def test_a_mistake_in_a_file_is_reported_by_its_stage(
    finished_study: Study, path: str, old: str, new: str, target: str, said: str
) -> None:
    output = finished_study.folder / "results" / target
    with finished_study.changed_file(finished_study.folder / path, old, new):
        sentence(finished_study.snakemake("-j1", f"results/{target}"), said)
        assert not output.exists(), "nothing half-written is left"
    finished_study.run(f"results/{target}")  # the tables do not need it, but other tests do
    finished_study.run()


def test_weights_that_do_not_match_their_manifest_are_reported(finished_study: Study, tmp_path: Path) -> None:
    study = finished_study.copy(tmp_path)
    weights = study.folder / "results" / "models" / "mine" / "model.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    target = "results/alignment/mine/pretrained/de.json"
    (study.folder / target).unlink()
    sentence(study.snakemake("-j1", target), "model.safetensors: corrupted; its sha256 is not the one in")


@pytest.mark.parametrize("options", [[], [*PLAIN, "--nolock", "--show-failed-logs"]])
def test_a_defect_shows_its_traceback_and_not_every_step_of_its_bar(
    finished_study: Study, tmp_path: Path, options: list[str]
) -> None:
    study = finished_study.copy(tmp_path)
    script = study.project / "workflow/scripts/prepare_bitext.py"
    defect = """    from tqdm import tqdm
    steps = [{}[step] if step == 900 else 0 for step in tqdm(range(1000), mininterval=0)]
"""
    with study.changed_file(script, "    sources =", defect + "    sources ="):
        finished = study.snakemake("-j1", *options, "results/bitext/test/en-it.txt")
    output = finished.stdout + finished.stderr
    shown = output[output.rindex("bitext/test-it.log") :].splitlines()
    assert finished.returncode != 0 and "KeyError: 900 (a defect; the traceback is in" in " ".join(output.split())
    assert "KeyError: 900" in shown and "Traceback (most recent call last):" in shown
    assert output.count("/1000 [") <= 2 and len(shown) < 40, "where the error came, and perhaps as the bar closes"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("seeds: [1]\nseeds: [2]\n", "config.yaml:2: the key 'seeds' appears twice"),
        ("realignment:\n  steps: 1\n  steps: 2\n", "config.yaml:3: the key 'steps' appears twice"),
        ("seeds: [1\n", "config.yaml:2: not YAML"),
        ("", "config.yaml: empty; expected an experiment's config"),
        (b"source_language: \xff\n", "config.yaml: not UTF-8"),
        (None, "config.yaml: no such file"),
    ],
)
def test_a_config_file_that_cannot_be_read_is_one_sentence(
    new_study: Study, tmp_path: Path, content: str | bytes | None, said: str
) -> None:
    study = new_study.fresh(tmp_path / "study")
    path = study.folder / "config.yaml"
    path.unlink()
    if content is not None:
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    sentence(study.snakemake("-n"), said)


def test_sentences_in_train_and_test_are_counted_in_a_warning(new_study: Study, tmp_path: Path) -> None:
    study = new_study.fresh(tmp_path / "study")
    train, test = (study.folder / f"pos/en.{split}.conllu" for split in ("train", "test"))
    test.write_text(test.read_text() + "\n" + "\n\n".join(train.read_text().split("\n\n")[:2]) + "\n")
    finished = study.snakemake("-n")
    said = " ".join((finished.stdout + finished.stderr).split())
    assert finished.returncode == 0 and "tasks.pos: 2 of" in said and "are also training data" in said


def test_folders_where_files_are_meant_and_names_with_braces_are_refused(new_study: Study, tmp_path: Path) -> None:
    study = new_study.fresh(tmp_path / "study")
    (study.folder / "pos/it.test.conllu").unlink()
    (study.folder / "pos/it.test.conllu").mkdir()
    sentence(study.snakemake("-n"), "tasks.pos: pos/it.test.conllu is a directory; expected a file")
    (study.folder / "pos/it.test.conllu").rmdir()
    (study.folder / "pos/it.test.conllu").write_bytes((study.folder / "pos/de.test.conllu").read_bytes())
    (study.folder / "encoder/a{b}.json").write_text("{}")
    sentence(study.snakemake("-n"), "models.mine.path: encoder/a{b}.json has a brace in its name; rename it")
    (study.folder / "encoder/a{b}.json").unlink()
    (study.folder / "bitext").rename(study.folder / "bi{text}")
    with study.replaced_config(bitext={"source": "files", "pattern": "bi{{text}}/{split}.{source}-{lang}.txt"}):
        sentence(study.snakemake("-n"), "config: bitext: bi{text}/train.en-de.txt has a brace in its name; rename it")


def test_a_lock_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="file/lock: cannot be written .*; a study needs a folder of your own"):
        claim_folder(tmp_path / "file" / "lock")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "error: other.yaml: No such file or directory; expected a config file"),
        ("folder", "error: other.yaml: Is a directory; expected a config file"),
        (b"seeds: [\xff]\n", "error: other.yaml: not UTF-8 (invalid start byte); expected a config file"),
    ],
)
def test_a_config_file_of_the_command_line_that_cannot_be_read_is_one_sentence(
    new_study: Study, tmp_path: Path, content: str | bytes | None, said: str
) -> None:
    study = new_study.fresh(tmp_path / "study")
    path = study.folder / "other.yaml"
    if content == "folder":
        path.mkdir()
    elif isinstance(content, bytes):
        path.write_bytes(content)
    sentence(study.snakemake("-n", "--configfile", "config.yaml", "other.yaml"), said)


@contextmanager
def mounted(place: Path, *options: str) -> Iterator[None]:
    """A file system at `place`; tests are skipped where none can be mounted."""
    if subprocess.run(["mount", *options, str(place)], capture_output=True, check=False).returncode:
        pytest.skip("cannot mount")
    try:
        yield
    finally:
        subprocess.run(["umount", str(place)], check=True)


def test_a_full_disk_is_one_sentence_in_a_dry_run_too(new_study: Study, tmp_path: Path) -> None:
    study = new_study.fresh(tmp_path / "study")
    records = study.folder / ".snakemake"
    records.mkdir()
    with mounted(records, "-t", "tmpfs", "-o", "size=2m", "tmpfs"):
        subprocess.run(["dd", "if=/dev/zero", f"of={records}/fill", "bs=1k"], capture_output=True, check=False)
        for option in ("-n", "-j1"):
            sentence(study.snakemake(option), ".snakemake: the disk is full or its quota used up, and Snakemake writes")


def test_a_disk_that_fills_while_a_job_writes_is_one_sentence(new_study: Study, tmp_path: Path) -> None:
    study = new_study.fresh(tmp_path / "study")
    results = study.folder / "results"
    results.mkdir()
    with mounted(results, "-t", "tmpfs", "-o", "size=4m", "tmpfs"):
        finished = study.snakemake("-j1", "results/models/mine/manifest.json")
        sentence(finished, "free some space and run again")
        assert not list((results / "models").rglob("*.*")), "nothing half-written"
    study.run("results/models/mine/manifest.json")


def test_a_read_only_study_is_one_sentence_in_a_dry_run_too(finished_study: Study, tmp_path: Path) -> None:
    study = finished_study.copy(tmp_path)
    with mounted(study.folder, "--bind", "-o", "ro", str(study.folder)):
        subprocess.run(["mount", "-o", "remount,ro,bind", str(study.folder)], check=True)
        for option in ("-n", "-j1"):
            sentence(
                study.snakemake(option), ".snakemake: cannot be written (Read-only file system), as Snakemake does"
            )


def without_privileges(study: Study, *options: str) -> subprocess.CompletedProcess[str]:
    """Run as this user, without root's right to read and write everything."""
    drop = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"] if os.geteuid() == 0 else []
    return subprocess.run(
        [*drop, *study.command(*options)],
        cwd=study.folder, env=study.environment(), capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to give a folder away")
def test_a_study_of_somebody_else_is_one_sentence_in_a_dry_run_too(new_study: Study, tmp_path: Path) -> None:
    study = new_study.fresh(tmp_path / "study")
    shutil.chown(study.folder, "nobody")
    for option in ("-n", "-j1"):
        said = ".snakemake: cannot be written (Permission denied), as Snakemake does, in a dry run too; a study needs"
        sentence(without_privileges(study, option), said)


def test_data_that_may_not_be_read_is_one_sentence_before_anything_runs(new_study: Study, tmp_path: Path) -> None:
    study = new_study.fresh(tmp_path / "study")
    for name in ("pos/it.test.conllu", "encoder", "config.yaml"):
        path = study.folder / name
        mode = path.stat().st_mode
        path.chmod(0)
        sentence(without_privileges(study, "-n"), f"{name}: no permission to read it")
        path.chmod(mode)


def test_places_of_locks_and_results_of_the_wrong_kind_are_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    records, results = tmp_path / ".snakemake", tmp_path / "results"
    check_folder(records, results)
    assert not list(records.iterdir())
    (records / "lock").mkdir()
    with pytest.raises(InputError, match="lock: cannot be written .Is a directory.; a study needs a folder of your"):
        claim_folder(records / "lock")
    results.write_text("")
    with pytest.raises(InputError, match="results: a file; expected a folder, or nothing yet"):
        check_folder(records, results)
    results.unlink()
    shutil.rmtree(records)
    records.write_text("")
    with pytest.raises(InputError, match=".snakemake: a file; expected a folder, or nothing yet"):
        check_folder(records, results)
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path))
    monkeypatch.setattr("realign.jobs.gpus._machine_devices", lambda: ["GPU-0", "GPU-1"])
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    (tmp_path / f"realign-gpus-{os.getuid()}").write_text("")
    with pytest.raises(InputError, match="no folder for locks .File exists.; remove it, or set TMPDIR"):
        claim_device()


def interrupted(study: Study, ready: Path, *options: str) -> "tuple[int, str]":
    """Press Ctrl-C when a file appears: exit status and what is printed."""
    process = subprocess.Popen(
        study.command(*options), cwd=study.folder, env=study.environment(), start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    end = time.monotonic() + 120
    while not ready.exists() and process.poll() is None and time.monotonic() < end:
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGINT)
    said, _ = process.communicate(timeout=120)
    return process.returncode, said


def test_ctrl_c_while_a_run_is_planned_is_one_line(new_study: Study, tmp_path: Path) -> None:
    study = new_study.copy(tmp_path)
    with open(study.project / "Snakefile", "a", encoding="utf-8") as snakefile:
        snakefile.write("\nimport time\nPath('ready').touch()\ntime.sleep(60)\n")
    status, said = interrupted(study, study.folder / "ready", "-n")
    assert status != 0 and said.splitlines()[-1] == "stopped by Ctrl-C" and "Traceback" not in said, said


def test_ctrl_c_during_a_job_is_no_traceback_and_leaves_nothing_half_written(new_study: Study, tmp_path: Path) -> None:
    study = new_study.fresh(tmp_path / "study")
    log = study.folder / "results/logs/models/mine.log"
    status, said = interrupted(study, log, "-j1", "results/models/mine/manifest.json")
    assert status != 0 and "user request" in said and "Traceback" not in said, said
    assert log.read_text() == "error: stopped by Ctrl-C\n"
    assert not (study.folder / "results/models/mine/manifest.json").exists()


def test_a_python_that_snakemake_cannot_start_is_one_sentence(new_study: Study, tmp_path: Path) -> None:
    study = new_study.fresh(tmp_path / "study")
    (tmp_path / "with a space").symlink_to(sys.prefix)
    python = str(tmp_path / "with a space/bin/python")
    command = [python, *study.command("-n")[1:]]
    finished = subprocess.run(command, cwd=study.folder, env=study.environment(), capture_output=True, text=True)
    sentence(finished, f"{python}: Snakemake cannot start jobs with a Python whose path has a space")
