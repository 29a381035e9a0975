"""Damaged results: the stage that reads one says so in one sentence, and `workflow/verify` finds all of them."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from attack import prepared
from study import PROJECT, Study, environment, recipe


def half(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def flipped(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))


def verify(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [str(PROJECT / "workflow/verify"), str(folder)]
    return subprocess.run(command, capture_output=True, text=True, env=environment(), check=False)


ARTIFACTS = {
    "scores.csv": "correlations.csv",
    "alignment.csv": "correlations.csv",
    "realignment.csv": "tables/realignment.csv",
    "models.csv": "figures/summary.svg",
    "examples/pos/it/test.parquet": "scores/mine/baseline/pos/seed31/it.json",
    "scores/mine/baseline/pos/seed31/it.json": "scores.csv",
    "alignment/mine/pretrained/it.json": "alignment.csv",
    "bitext/test/en-it.txt": "alignment/mine/pretrained/it.json",
    "links/dictionary/test/en-it.txt": "alignment/mine/pretrained/it.json",
    "links/dictionary/train/en-it.txt": f"realigned/mine/{recipe()}/seed31/manifest.json",
    "models/mine/model.safetensors": "alignment/mine/pretrained/it.json",
    "models/mine/config.json": "alignment/mine/pretrained/it.json",
    "models/mine/tokenizer.json": "alignment/mine/pretrained/it.json",
    "models/mine/manifest.json": "alignment/mine/pretrained/it.json",
    f"realigned/mine/{recipe()}/seed31/config.json": f"alignment/mine/{recipe()}/seed31/it.json",
    "finetuned/mine/baseline/pos/seed31/model.safetensors": "scores/mine/baseline/pos/seed31/it.json",
}


@pytest.mark.parametrize("damage", [half, flipped])
def test_a_damaged_artifact_is_named_by_the_stage_that_reads_it_and_by_verify(
    finished_study: Study, tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    study = finished_study.copy(tmp_path)
    results, target = study.folder / "results", prepared(study, tmp_path)
    assert verify(study.folder).stdout.strip().endswith(" files checked, 0 damaged or missing")
    for artifact, reader in ARTIFACTS.items():
        damage(results / artifact)
        checked = verify(study.folder)
        assert checked.returncode == 1 and f"{artifact}: damaged; delete" in checked.stdout, artifact
        (results / reader).unlink()
        finished = study.snakemake("-j1", "--rerun-triggers", "input", "--", f"results/{reader}")
        said = " ".join((finished.stdout + finished.stderr).split())
        assert finished.returncode != 0 and artifact.rpartition("/")[2] in said, (artifact, said[-1500:])
        assert "damaged" in said or "corrupted" in said, (artifact, said[-1500:])
        assert "Traceback" not in said and "a defect" not in said, (artifact, said[-1500:])
        target.reset()


def test_what_verify_names_is_made_again_after_it_is_deleted(finished_study: Study, tmp_path: Path) -> None:
    study = finished_study.copy(tmp_path)
    results = study.folder / "results"
    expected = study.tables()
    (results / "models/mine/tokenizer.json").unlink()
    flipped(results / "scores/mine/baseline/pos/seed31/it.json")
    half(results / "realignment.csv")
    for line in verify(study.folder).stdout.splitlines():
        if "; delete " in line:
            Path(line.rpartition("; delete ")[2]).unlink()
    study.run()
    assert study.tables() == expected and verify(study.folder).returncode == 0


def test_colleagues_can_read_what_the_umask_lets_them_read(finished_study: Study) -> None:
    for path in (finished_study.folder / "results").rglob("*"):
        if path.is_file() and ".sums" not in path.parts:
            assert path.stat().st_mode & 0o044 == 0o044, path


def test_a_folder_without_results_is_one_sentence(tmp_path: Path) -> None:
    finished = verify(tmp_path)
    assert finished.returncode == 1 and "no such folder; nothing has run here" in finished.stderr


def test_damage_beside_the_tables_is_reported(finished_study: Study, tmp_path: Path) -> None:
    study = finished_study.copy(tmp_path)
    results = study.folder / "results"
    flipped(results / "finetuned/mine/baseline/pos/seed31/loss.csv")
    assert "loss.csv: damaged; delete" in verify(study.folder).stdout
    half(results / "models/mine/config.json")
    finished = study.snakemake("-j1", "--", "results/models.csv")
    said = " ".join((finished.stdout + finished.stderr).split())
    assert finished.returncode != 0 and "models/mine/config.json: corrupted" in said and "Traceback" not in said
