"""A run whose files are objects of a storage: every job fetches all that it reads, and makes what a local run makes."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from realign.training.checkpointing import fingerprints
from study import PLAIN, Study, recipe

PLUGINS = Path(__file__).parent / "plugins"
REALIGNED = f"results/realigned/mine/{recipe()}/seed31"


@pytest.fixture
def stored(new_study: Study, tmp_path: Path) -> Study:
    """A new folder, whose files lie in a storage too."""
    study = new_study.fresh(tmp_path / "study")
    shutil.copytree(study.folder, tmp_path / "storage")
    return study


def snakemake(study: Study, *options: str) -> str:
    """What a run in a storage beside the folder says."""
    storage = ["--default-storage-provider", "folder", "--default-storage-prefix", str(study.folder.parent / "storage")]
    finished = subprocess.run(
        study.command(*PLAIN, *storage, *options),
        cwd=study.folder,
        env=study.environment() | {"PYTHONPATH": str(PLUGINS)},
        capture_output=True,
        text=True,
        check=False,
    )
    said = finished.stdout + finished.stderr
    assert finished.returncode == 0, said[-6000:]
    return said


def test_an_encoder_realigned_in_a_storage_has_the_bytes_of_a_local_one(stored: Study, tmp_path: Path) -> None:
    local = stored.fresh(tmp_path / "local")
    local.run(f"{REALIGNED}/manifest.json")
    snakemake(stored, "-j2", f"{REALIGNED}/manifest.json")
    assert "Nothing to be done" in snakemake(stored, "-n", f"{REALIGNED}/manifest.json")
    assert not (stored.folder / "results").exists()
    for name in ("manifest.json", "model.safetensors", "loss.csv"):
        assert (tmp_path / "storage" / REALIGNED / name).read_bytes() == (local.folder / REALIGNED / name).read_bytes()


def test_every_job_that_reads_a_checkpoint_has_all_of_it_brought_along(stored: Study) -> None:
    methods = ["baseline", "before-dictionary", "before-awesome", "during-awesome"]
    with stored.changed_config(methods=methods, aligners={"awesome": {"model": "mine"}}):
        said = snakemake(stored, "-n")
    found = set()
    for rule, inputs in re.findall(r"rule (\w+):\n +input: (.+)", said):
        for folder in re.findall(r"(\S+)/manifest\.json", inputs):
            found.add(rule)
            for name in ("model.safetensors", "config.json") + ("tokenizer.json",) * (rule != "describe_models"):
                assert f"{folder}/{name}" in inputs, (rule, folder, name)
    using = {"align_awesome", "finetune", "finetune_jointly", "measure_pretrained", "measure_realigned", "realign"}
    assert found == using | {"score", "describe_models"}
    assert "report.html" in said and "explore.html" in said


def test_a_manifest_names_its_inputs_as_in_a_local_run(tmp_path: Path) -> None:
    copies = tmp_path / ".snakemake/storage/s3/bucket/study/results"
    for name in ("models/mine/manifest.json", "models/mine/config.json", "bitext/train/en-de.txt"):
        (copies / name).parent.mkdir(parents=True, exist_ok=True)
        (copies / name).write_text(name)
    named = fingerprints(str(path) for path in copies.rglob("*") if path.is_file())
    assert set(named) == {"results/bitext/train/en-de.txt", "results/models/mine/manifest.json"}
