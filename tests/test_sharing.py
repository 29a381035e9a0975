"""A second folder takes models, links and realigned encoders from a shared cache: those that it would make itself."""

import hashlib
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from realign.config.reading import read_config
from realign.errors import InputError
from realign.experiment.shared import unpinned
from realign.jobs import sharing
from realign.text.files import umask
from study import PLAIN, Study, recipe

MODEL = "models/mine/manifest.json"
LINKS = "links/dictionary/train/en-de.txt"
SMALLER = {
    "target_languages": ["de"],
    "tasks": {"pos": {"source": "files", "pattern": "pos/{lang}.{split}.conllu"}},
    "finetuning": {"epochs": 1, "batch_size": 8},
}
RECIPE = recipe(**SMALLER)
LONGER, WIDER = (recipe(**SMALLER, realignment=change) for change in ({"steps": 4}, {"batch_size": 5}))
REALIGNED = f"realigned/mine/{RECIPE}/seed31/manifest.json"
SHARED = {MODEL, LINKS, REALIGNED}
TABLES = [f"results/{table}.csv" for table in ("scores", "alignment", "realignment", "correlations", "models")]


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


def precision_of(manifest: Path) -> str:
    """The precision that a training computed in."""
    said: str = json.loads(manifest.with_name("run.json").read_text(encoding="utf-8"))["precision"]
    return said


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
    assert taken >= SHARED and made == {"links/dictionary/test/en-de.txt"}
    assert second.planned(*TABLES) == set()
    second.cache = None
    assert second.planned(*TABLES) == set(), "nor without the cache"
    assert not [path for path in (alone.folder / "results").rglob("*") if path.is_symlink()]
    assert len(alone.tables()) == len(TABLES) and second.tables() == alone.tables()
    for folder in ("models/mine", f"realigned/mine/{RECIPE}/seed31", "links/dictionary/train"):
        files = [{path.name for path in (study.folder / "results" / folder).iterdir()} for study in (alone, second)]
        assert files[0] == files[1]
        for name in files[0] - {"run.json"}:
            made_alone, from_cache = (study.folder / "results" / folder / name for study in (alone, second))
            assert from_cache.is_symlink() and from_cache.read_bytes() == made_alone.read_bytes(), name


@pytest.mark.parametrize(
    ("changes", "realigned", "reused"),
    [
        ({"seeds": [32]}, f"mine/{RECIPE}/seed32", {MODEL, LINKS}),
        (
            {"realignment": {"steps": 4, "batch_size": 4}},
            f"mine/{LONGER}/seed31",
            {MODEL, LINKS},
        ),
        (
            {"realignment": {"steps": 3, "batch_size": 5}},
            f"mine/{WIDER}/seed31",
            {MODEL, LINKS},
        ),
        ({"precision": "bfloat16"}, f"mine/{RECIPE}/seed31", {MODEL, LINKS}),
        ({"target_languages": ["de", "it"]}, f"mine/{recipe()}/seed31", {MODEL, LINKS}),
        ({"models": {"other": {"source": "files", "path": "encoder"}}}, f"other/{RECIPE}/seed31", {LINKS}),
    ],
    ids=["seed", "steps", "hyperparameter", "precision", "languages", "name"],
)
def test_another_experiment_takes_no_wrong_entry(
    second: Study, changes: dict[str, object], realigned: str, reused: set[str]
) -> None:
    with second.replaced_config(**changes):
        taken, made = moved(second, "-n", f"results/realigned/{realigned}/manifest.json")
    assert f"realigned/{realigned}/manifest.json" in made and taken == reused


def test_another_encoder_under_the_same_name_takes_no_wrong_entry(second: Study) -> None:
    config = second.folder / "encoder/config.json"
    config.write_text(config.read_text(encoding="utf-8").replace('"hidden_act"', '"note": 1, "hidden_act"'))
    assert moved(second, "-n", f"results/{REALIGNED}") == ({LINKS}, {MODEL, REALIGNED})


def test_the_same_encoder_and_bitext_at_other_places_are_reused(second: Study) -> None:
    (second.folder / "encoder").rename(second.folder.parent / "elsewhere")
    (second.folder / "bitext").rename(second.folder.parent / "texts")
    places = {
        "models": {"mine": {"source": "files", "path": str(second.folder.parent / "elsewhere")}},
        "bitext": {"source": "files", "pattern": "../texts/{split}.{source}-{lang}.txt"},
    }
    with second.replaced_config(**places):
        assert moved(second, "-n", f"results/{REALIGNED}") == (SHARED, set())


def test_files_in_exchanged_roles_take_no_wrong_entry(second: Study, tmp_path: Path) -> None:
    links = "links/fastalign/test/en-de.txt"
    texts = [second.folder / f"bitext/{split}.en-de.txt" for split in ("train", "test")]
    train, test = (text.read_bytes() for text in texts)
    assert moved(second, "-j2", f"results/{links}") == (set(), {links})
    shutil.rmtree(second.folder / "results")
    texts[0].write_bytes(test)
    texts[1].write_bytes(train)
    assert moved(second, "-n", f"results/{links}") == (set(), {links})

    rows = [[side.strip() for side in line.split("|||")] for line in train.decode().splitlines()]
    sides = [f"{tmp_path}/{{split}}.{name}" for name in ("en", "de")]
    for number, side in enumerate(sides):
        for split in ("train", "test"):
            content = "".join(row[number] + "\n" for row in rows)
            Path(side.format(split=split)).write_text(content, encoding="utf-8")
    with second.replaced_config(bitext={"source": "files", "source_side": sides[0], "target_side": sides[1]}):
        assert moved(second, "-j2", f"results/{LINKS}") == (set(), {LINKS})
    shutil.rmtree(second.folder / "results")
    with second.replaced_config(bitext={"source": "files", "source_side": sides[1], "target_side": sides[0]}):
        assert moved(second, "-n", f"results/{LINKS}") == (set(), {LINKS})


def test_a_job_elsewhere_knows_its_inputs_in_their_roles(second: Study) -> None:
    """As an executor starts it on a node, where Snakemake sees the job alone and hashes the inputs sorted."""
    target, links = "align_fastalign:aligner=fastalign,split=test,lang=de", "links/fastalign/test/en-de.txt"
    elsewhere = ["-j1", "--mode", "remote", "--force", "--target-jobs", target, "--allowed-rules", "align_fastalign"]
    train, test = (second.folder / f"results/bitext/{split}/en-de.txt" for split in ("train", "test"))
    second.run(*(str(path.relative_to(second.folder)) for path in (train, test)))
    assert moved(second, *elsewhere) == (set(), {links})
    assert moved(second, *elsewhere) == ({links}, set())
    texts = train.read_bytes(), test.read_bytes()
    test.write_bytes(texts[0])
    train.write_bytes(texts[1])
    shutil.rmtree(second.folder / "results/.sums")  # made so, not damaged
    assert moved(second, *elsewhere) == (set(), {links})


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
    second.run("--forcerun", "align_dictionary", "prepare_files_model", "--", f"results/{REALIGNED}")
    results = second.folder / "results"
    assert not [path for path in results.rglob("*") if path.is_symlink()]
    with second.changed_config(precision="bfloat16" if precision_of(results / REALIGNED) == "float32" else "float32"):
        second.run(f"results/{REALIGNED}")
    assert (results / REALIGNED).read_bytes() != (first.folder / "results" / REALIGNED).read_bytes()
    assert entries(first.cache) == before


def test_weights_that_are_to_be_dropped_are_not_put_into_the_cache(second: Study) -> None:
    with second.changed_config(storage={"keep": ["finetuned"]}):
        taken, made = moved(second, "-n", f"results/{REALIGNED}")
    assert taken == {MODEL, LINKS} and not made


def test_a_damaged_entry_is_refused_by_the_folder_that_is_linked_to_it(first: Study, tmp_path: Path) -> None:
    assert first.cache is not None
    cache = tmp_path / "cache"
    shutil.copytree(first.cache, cache)
    study = first.fresh(tmp_path / "study", cache)
    links = study.folder / "results" / LINKS
    moved(study, "-j1", f"results/{LINKS}")
    entry = links.resolve()
    assert entry.stat().st_mode & 0o777 == 0o666 & ~umask()
    entry.write_bytes(entry.read_bytes().replace(b"0", b"1", 1))
    with study.replaced_config(seeds=[32]):
        finished = study.snakemake("-j1", f"results/{REALIGNED.replace('seed31', 'seed32')}")
    said = " ".join((finished.stdout + finished.stderr).split())
    assert finished.returncode != 0 and f"results/{LINKS} (in the cache: {entry}): damaged" in said


def test_a_cache_that_is_not_there_is_one_sentence(second: Study, tmp_path: Path) -> None:
    second.cache = tmp_path / "nowhere"
    finished = second.snakemake("-n")
    output = finished.stdout + finished.stderr
    assert finished.returncode != 0 and f"SNAKEMAKE_OUTPUT_CACHE: {second.cache} is not a folder" in output


def test_links_into_a_cache_that_is_gone_are_named_with_what_to_do(second: Study) -> None:
    manifest = second.folder / "results" / MODEL
    manifest.parent.mkdir(parents=True)
    manifest.symlink_to(second.folder / "gone")
    second.cache = None
    finished = second.snakemake("-n", f"results/{MODEL}")
    output = finished.stdout + finished.stderr
    assert finished.returncode != 0 and f"results/{MODEL}: a link to {second.folder}/gone, which is gone" in output
    command = re.search(r"`(find .*)`", output)
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
        "bitext": {"source": "hub", "dataset": "opus-100"},
        "dictionaries": {"source": "hub"},
    }
    assert unpinned(read_config(content)) == [
        "models.a.revision",
        "bitext.revision",
        "dictionaries.sha256.de",
    ]
    content["models"].pop("a")  # type: ignore[attr-defined]
    content["bitext"] = {"source": "hub", "dataset": "opus-100", "revision": commit}
    content["dictionaries"] = {"source": "hub", "sha256": {"de": digest}}
    assert unpinned(read_config(content)) == []
