"""What a person meets after a mistake: one clear sentence, no traceback, and nothing half-written."""

import subprocess
from pathlib import Path
from typing import Any

import pytest

from realign.errors import InputError
from realign.jobs.locks import claim_folder
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


def test_a_lock_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="file/lock: cannot be written .*; a study needs a folder of your own"):
        claim_folder(tmp_path / "file" / "lock")
