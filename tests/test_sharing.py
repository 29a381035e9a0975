"""A second folder takes models, pairs and realigned encoders from a shared cache: those that it would make itself."""

import hashlib
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from realign import sharing
from realign.config import read_config
from realign.errors import InputError
from study import PLAIN, Study

MODEL = "models/mine/manifest.json"
PAIRS = "pairs/dictionary/train/en-de.txt"
REALIGNED = "realigned/mine/dictionary/3/seed31/manifest.json"
SHARED = {MODEL, PAIRS, REALIGNED}
SMALLER = {
    "target_languages": ["de"],
    "tasks": {"pos": {"source": "files", "pattern": "pos/{lang}.{split}.conllu"}},
    "finetuning": {"epochs": 1, "batch_size": 8},
}
TABLES = [f"results/{table}.csv" for table in ("scores", "alignment", "realignment", "correlations", "models")]


@contextmanager
def replaced(study: Study, **changes: Any) -> Iterator[None]:
    """The config with top-level keys replaced, mappings too."""
    with study.changed_config(**dict.fromkeys(changes)), study.changed_config(**changes):
        yield


def moved(study: Study, *options: str) -> tuple[set[str], set[str]]:
    """What a run took from the cache, and what it made and put there; or would, in a dry run."""
    finished = study.snakemake(*PLAIN, *options)
    said = finished.stdout + finished.stderr
    assert finished.returncode == 0, said[-6000:]
    return moves(said)


def moves(said: str) -> tuple[set[str], set[str]]:
    linked = set(re.findall(r"Symlinking output file results/(\S+)", said))
    made = set(re.findall(r"Moving output file results/(\S+)", said))
    made |= set(re.findall(r"Output file results/(\S+) will be written to", said))
    linked |= set(re.findall(r"Output file results/(\S+) will be obtained from", said))
    return linked - made, made


def entries(cache: Path) -> dict[str, str]:
    """Digests of all files of a cache."""
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in cache.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def first(new_study: Study, cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Study:
    """A folder whose run has filled the cache, as far as realignment."""
    study = new_study.fresh(tmp_path_factory.mktemp("first") / "study", cache)
    config = study.folder / "config.yaml"
    config.write_text(yaml.safe_dump(yaml.safe_load(config.read_text(encoding="utf-8")) | SMALLER), encoding="utf-8")
    taken, made = moved(study, "-j2", f"results/{REALIGNED}")
    assert not taken and made >= SHARED
    return study


@pytest.fixture
def second(first: Study, tmp_path: Path) -> Study:
    """Another folder, in which nothing has run."""
    return first.fresh(tmp_path / "second", first.cache)


def test_a_second_folder_reuses_what_the_first_made_and_has_the_tables_of_a_run_without_a_cache(
    first: Study, second: Study, tmp_path: Path
) -> None:
    alone = first.fresh(tmp_path / "alone")
    alone.run(*TABLES)
    taken, made = moved(second, "-j4", *TABLES)
    assert taken >= SHARED and made == {"pairs/dictionary/test/en-de.txt"}
    assert second.planned(*TABLES) == set()
    second.cache = None
    assert second.planned(*TABLES) == set(), "nor without the cache"
    assert not [path for path in (alone.folder / "results").rglob("*") if path.is_symlink()]
    assert len(alone.tables()) == len(TABLES) and second.tables() == alone.tables()
    for folder in ("models/mine", "realigned/mine/dictionary/3/seed31", "pairs/dictionary/train"):
        files = [{path.name for path in (study.folder / "results" / folder).iterdir()} for study in (alone, second)]
        assert files[0] == files[1]
        for name in files[0] - {"run.json"}:
            made_alone, from_cache = (study.folder / "results" / folder / name for study in (alone, second))
            assert from_cache.is_symlink() and from_cache.read_bytes() == made_alone.read_bytes(), name


@pytest.mark.parametrize(
    ("changes", "realigned", "reused"),
    [
        ({"seeds": [32]}, "mine/dictionary/3/seed32", {MODEL, PAIRS}),
        ({"realignment": {"steps": 4, "batch_size": 4}}, "mine/dictionary/4/seed31", {MODEL, PAIRS}),
        ({"realignment": {"steps": 3, "batch_size": 5}}, "mine/dictionary/3/seed31", {MODEL, PAIRS}),
        ({"precision": "bfloat16"}, "mine/dictionary/3/seed31", {MODEL, PAIRS}),
        ({"target_languages": ["de", "it"]}, "mine/dictionary/3/seed31", {MODEL, PAIRS}),
        ({"models": {"other": {"source": "files", "path": "encoder"}}}, "other/dictionary/3/seed31", {PAIRS}),
    ],
    ids=["seed", "steps", "hyperparameter", "precision", "languages", "name"],
)
def test_another_experiment_takes_no_wrong_entry(
    second: Study, changes: dict[str, object], realigned: str, reused: set[str]
) -> None:
    with replaced(second, **changes):
        taken, made = moved(second, "-n", f"results/realigned/{realigned}/manifest.json")
    assert f"realigned/{realigned}/manifest.json" in made and taken == reused


def test_another_encoder_under_the_same_name_takes_no_wrong_entry(second: Study) -> None:
    config = second.folder / "encoder/config.json"
    config.write_text(config.read_text(encoding="utf-8").replace('"hidden_act"', '"note": 1, "hidden_act"'))
    assert moved(second, "-n", f"results/{REALIGNED}") == ({PAIRS}, {MODEL, REALIGNED})


def test_the_same_encoder_and_bitext_at_other_places_are_reused(second: Study) -> None:
    (second.folder / "encoder").rename(second.folder.parent / "elsewhere")
    (second.folder / "bitext").rename(second.folder.parent / "texts")
    places = {
        "models": {"mine": {"source": "files", "path": str(second.folder.parent / "elsewhere")}},
        "bitext": {"source": "files", "pattern": "../texts/{split}.{source}-{lang}.txt"},
    }
    with replaced(second, **places):
        assert moved(second, "-n", f"results/{REALIGNED}") == (SHARED, set())


def test_files_in_exchanged_roles_take_no_wrong_entry(second: Study, tmp_path: Path) -> None:
    pairs = "pairs/fastalign/test/en-de.txt"
    texts = [second.folder / f"bitext/{split}.en-de.txt" for split in ("train", "test")]
    train, test = (text.read_bytes() for text in texts)
    assert moved(second, "-j2", f"results/{pairs}") == (set(), {pairs})
    shutil.rmtree(second.folder / "results")
    texts[0].write_bytes(test)
    texts[1].write_bytes(train)
    assert moved(second, "-n", f"results/{pairs}") == (set(), {pairs})

    rows = [[side.strip() for side in line.split("|||")] for line in train.decode().splitlines()]
    sides = [str(tmp_path / name) for name in ("en", "de")]
    for number, side in enumerate(sides):
        Path(side).write_text("".join(row[number] + "\n" for row in rows), encoding="utf-8")
    with replaced(second, bitext={"source": "files", "source_side": sides[0], "target_side": sides[1]}):
        assert moved(second, "-j2", f"results/{PAIRS}") == (set(), {PAIRS})
    shutil.rmtree(second.folder / "results")
    with replaced(second, bitext={"source": "files", "source_side": sides[1], "target_side": sides[0]}):
        assert moved(second, "-n", f"results/{PAIRS}") == (set(), {PAIRS})


def test_a_job_elsewhere_knows_its_inputs_in_their_roles(second: Study) -> None:
    """As an executor starts it on a node, where Snakemake sees the job alone and hashes the inputs sorted."""
    target, pairs = "align_fastalign:split=test,lang=de", "pairs/fastalign/test/en-de.txt"
    elsewhere = ["-j1", "--mode", "remote", "--force", "--target-jobs", target, "--allowed-rules", "align_fastalign"]
    train, test = (second.folder / f"results/bitext/{split}/en-de.txt" for split in ("train", "test"))
    second.run(*(str(path.relative_to(second.folder)) for path in (train, test)))
    assert moved(second, *elsewhere) == (set(), {pairs})
    assert moved(second, *elsewhere) == ({pairs}, set())
    texts = train.read_bytes(), test.read_bytes()
    test.write_bytes(texts[0])
    train.write_bytes(texts[1])
    assert moved(second, *elsewhere) == (set(), {pairs})


def test_two_runs_at_once_fill_an_empty_cache_together(first: Study, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    cache.mkdir()
    studies = [first.fresh(tmp_path / name, cache) for name in ("one", "two")]
    command = first.command("-j2", f"results/{REALIGNED}")
    runs = [
        subprocess.Popen(command, cwd=study.folder, env=study.environment(), stdout=-1, stderr=-2) for study in studies
    ]
    for run in runs:
        said = run.communicate(timeout=200)[0]
        assert run.returncode == 0, said.decode()[-6000:]
    expected = first.folder / "results" / REALIGNED
    for study in studies:
        assert (study.folder / "results" / REALIGNED).read_bytes() == expected.read_bytes()
        assert study.planned(f"results/{REALIGNED}") == set()


def test_what_runs_again_never_writes_into_the_cache(first: Study, second: Study) -> None:
    assert first.cache is not None
    second.run(*(f"results/{path}" for path in SHARED))
    before = entries(first.cache)
    second.cache = None
    with second.changed_config(realignment={"batch_size": 5}):
        second.run("--forcerun", "align_dictionary", "prepare_files_model", "--", f"results/{REALIGNED}")
    results = second.folder / "results"
    assert not [path for path in results.rglob("*") if path.is_symlink()]
    assert (results / REALIGNED).read_bytes() != (first.folder / "results" / REALIGNED).read_bytes()
    assert entries(first.cache) == before


def test_weights_that_are_to_be_dropped_are_not_put_into_the_cache(second: Study) -> None:
    with second.changed_config(storage={"keep": ["finetuned"]}):
        taken, made = moved(second, "-n", f"results/{REALIGNED}")
    assert taken == {MODEL, PAIRS} and not made


def test_a_cache_that_is_not_there_is_one_sentence(second: Study, tmp_path: Path) -> None:
    second.cache = tmp_path / "nowhere"
    finished = second.snakemake("-n")
    told = finished.stdout + finished.stderr
    assert finished.returncode != 0 and f"SNAKEMAKE_OUTPUT_CACHE: {second.cache} is not a folder" in told


def test_links_into_a_cache_that_is_gone_are_named_with_what_to_do(second: Study) -> None:
    manifest = second.folder / "results" / MODEL
    manifest.parent.mkdir(parents=True)
    manifest.symlink_to(second.folder / "gone")
    second.cache = None
    finished = second.snakemake("-n", f"results/{MODEL}")
    told = finished.stdout + finished.stderr
    assert finished.returncode != 0 and f"results/{MODEL}: a link to {second.folder}/gone, which is gone" in told
    command = re.search(r"`(find .*)`", told)
    assert command is not None
    subprocess.run(command[1].split(), cwd=second.folder, check=True)
    assert second.planned(f"results/{MODEL}") == {MODEL}


def test_other_versions_of_the_libraries_have_other_entries(monkeypatch: pytest.MonkeyPatch) -> None:
    here = sharing.entries_of("/shared/cache/")
    assert here.startswith("/shared/cache/torch-") and sharing.entries_of(here) == here
    assert sharing.entries_of("s3://bucket/cache").startswith("s3://bucket/cache/torch-")
    version = sharing.version
    monkeypatch.setattr(sharing, "version", lambda name: "0.0.0" if name == "tokenizers" else version(name))
    assert sharing.entries_of("/shared/cache") != here


def test_the_entries_are_as_open_as_the_cache_around_them(tmp_path: Path) -> None:
    tmp_path.chmod(0o2770)
    sharing.open_cache(f"{tmp_path}/torch")
    assert (tmp_path / "torch").stat().st_mode & 0o7777 == 0o2770
    with pytest.raises(InputError, match="is not a folder that you can write to"):
        sharing.open_cache(f"{tmp_path}/none/torch")


def test_what_is_fetched_is_shared_only_if_it_is_pinned() -> None:
    commit, digest = "0" * 40, "0" * 64
    content = {
        "target_languages": ["de"],
        "seeds": [1],
        "models": {"a": {"source": "hub", "name": "o/a"}, "b": {"source": "hub", "name": "o/b", "revision": commit}},
        "methods": ["baseline"],
        "tasks": {"pos": {"source": "lab"}},
        "bitext": {"source": "hub"},
        "aligners": {"dictionary": {"source": "hub"}},
    }
    assert sharing.unpinned(read_config(content)) == [
        "models.a.revision",
        "bitext.revision",
        "aligners.dictionary.sha256.de",
    ]
    content["models"].pop("a")  # type: ignore[attr-defined]
    content["bitext"] = {"source": "hub", "revision": commit}
    content["aligners"] = {"dictionary": {"source": "hub", "sha256": {"de": digest}}}
    assert sharing.unpinned(read_config(content)) == []
