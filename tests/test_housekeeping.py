"""The commands beside a run: what a language's files hold, and what a study no longer needs."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from realign.command.report import findings
from realign.config.reading import read_config
from realign.errors import InputError
from realign.experiment.experiment import Experiment
from realign.experiment.inspection import inspect, main
from realign.experiment.tidying import checkpoints, leftovers, tidy
from realign.jobs.locks import hold
from study import PROJECT, STUDY, environment, recipe


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A study in which nothing has run, as the working directory."""
    shutil.copytree(STUDY, tmp_path / "study")
    monkeypatch.chdir(tmp_path / "study")
    (tmp_path / "study/encoder").mkdir()
    (tmp_path / "study/encoder/config.json").write_text("{}")
    return tmp_path / "study"


def experiment_in(folder: Path) -> Experiment:
    content = yaml.safe_load((folder / "config.yaml").read_text(encoding="utf-8"))
    return Experiment(read_config(content), PROJECT / "lab")


def test_a_check_counts_what_a_languages_files_hold(folder: Path) -> None:
    (folder / "bitext/test.en-it.txt").write_text("The red house . ||| La casa rossa .\nA dog ||| Un cane\n")
    (folder / "dictionaries/en-it.txt").write_text("red\trossa\nhouse\tcasa\ndog\tlupo\n")
    found = dict(line.split(maxsplit=1)[1].split("  ", 1) for line, _ in inspect(experiment_in(folder), ["it"]))
    assert found["bitext (test)"].strip() == "2 sentence pairs, 6 and 6 words"
    assert found["dictionaries"].strip() == "3 words with 3 translations"
    # red and house are linked; dog's translation is not in the sentence; the other words are the, a
    linked = "2 that the dictionary links; it has 3 of the 5 words on the source side"
    assert found["word pairs held out"].strip() == linked
    assert found["pos (test)"].strip().endswith("examples") and "ner (test)" in found


def test_a_check_reads_what_the_source_language_is_trained_on(folder: Path) -> None:
    found = dict(line.split(maxsplit=1)[1].split("  ", 1) for line, _ in inspect(experiment_in(folder), ["en"]))
    assert set(found) == {"pos (train)", "pos (test)", "ner (train)", "ner (test)"}
    config = (folder / "config.yaml").read_text(encoding="utf-8")
    for limit, expected in ((10, "12 examples, of which the first 10 are used"), (20, "in the config is 20")):
        limited = config.replace('{split}.conllu"', f'{{split}}.conllu", training_sentences: {limit}')
        (folder / "config.yaml").write_text(limited, encoding="utf-8")
        lines = dict(inspect(experiment_in(folder), ["en"]))
        assert any(
            "pos (train)" in line and line.endswith(expected) for line, wrong in lines.items() if wrong == (limit > 12)
        )


def test_a_check_says_that_there_is_nothing_to_read(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--configfile", str(PROJECT / "experiments/acl2023.yaml"), "fr"])
    assert "all of it comes from the hub" in capsys.readouterr().out


def test_a_report_of_a_study_that_has_not_run_says_so(folder: Path) -> None:
    with pytest.raises(InputError, match=r"correlations.csv: no such file; `realign run` makes it"):
        list(findings(folder))


def test_a_check_names_every_file_that_cannot_be_used(folder: Path) -> None:
    (folder / "bitext/train.en-it.txt").write_text("The red house .\n")
    (folder / "pos/it.test.conllu").write_text("1\tLa\t_\tARTICLE\t_\t_\t_\t_\t_\t_\n\n")
    command = [sys.executable, str(PROJECT / "workflow/check"), "it"]
    found = subprocess.run(command, capture_output=True, text=True, env=environment(), check=False)
    assert found.returncode == 1 and "Traceback" not in found.stderr
    assert "bitext/train.en-it.txt:1: expected 'source ||| target'" in found.stdout
    assert "pos/it.test.conllu" in found.stdout and "ARTICLE" in found.stdout
    assert "2 of these files cannot be used" in found.stderr
    (folder / "dictionaries/en-it.txt").unlink()
    more = subprocess.run(command, capture_output=True, text=True, env=environment(), check=False)
    assert "dictionaries/en-it.txt: no such file" in more.stdout and "4 of these files" in more.stderr, more.stdout
    unknown = subprocess.run([*command[:2], "fi"], capture_output=True, text=True, env=environment(), check=False)
    assert unknown.returncode == 1 and unknown.stderr == "fi: not one of the languages en, de, it\n"


def make(folder: Path, name: str = "model.safetensors") -> Path:
    folder.mkdir(parents=True)
    (folder / name).write_bytes(b"0" * 1000)
    return folder


def test_tidying_finds_abandoned_states_and_encoders(folder: Path) -> None:
    results, experiment = Path("results"), experiment_in(folder)
    assert f"results/realigned/mine/{recipe()}/seed31" in checkpoints(experiment)
    tagger = results / "finetuned/mine/baseline/pos/seed31"
    needed = [make(results / "models/mine"), make(results / f"realigned/mine/{recipe()}/seed31"), make(tagger)]
    old = make(results / "realigned/mine/dictionary-9-aaaaaaaa/seed31")
    model = make(results / "models/other")
    abandoned = make(results / "realigned/mine/dictionary-9-aaaaaaaa/.seed42.state", "state.pt")
    finished = make(results / "finetuned/mine/baseline/pos/.seed31.state", "state.pt")
    (tagger / "manifest.json").write_text("{}")
    waiting = make(results / "finetuned/mine/baseline/ner/.seed31.state", "state.pt")

    found = {leftover.folder for leftover in leftovers(Path(), experiment)}
    assert found == {old, model, abandoned, finished}
    assert {each.folder for each in leftovers(Path(), experiment, states=True)} == {*found, waiting}
    lines = list(tidy(Path("config.yaml"), states=False, delete=False))
    assert len(lines) == 5 and old.exists() and lines[-1].split()[:2] == ["0.0", "MB"]
    list(tidy(Path("config.yaml"), states=False, delete=True))
    assert not any(path.exists() for path in found) and all(path.exists() for path in [*needed, waiting])
    assert list(tidy(Path("config.yaml"), states=False, delete=True)) == ["nothing to delete"]


def test_nothing_is_deleted_during_a_run(folder: Path) -> None:
    make(Path("results/models/other"))
    lock = folder / ".snakemake/realign.lock"
    lock.parent.mkdir()
    assert hold(lock)
    command = [sys.executable, str(PROJECT / "workflow/tidy"), "--delete"]
    refused = subprocess.run(command, capture_output=True, text=True, env=environment(), check=False)
    assert refused.returncode == 1 and "a run is at work in this folder" in refused.stderr
    assert Path("results/models/other").exists()
