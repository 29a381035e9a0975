"""Fetching from a hub: the real clients against a stand-in on loopback, and what is said when it goes wrong."""

import json
import os
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub import StandInHub, commit_of, serve
from hub_content import TEST, TRAINING, build_hub
from realign.errors import InputError
from realign.sources import fetching
from realign.sources.labelled import fetch_sentences
from realign.sources.treebanks import fetch_treebank
from realign.sources.web import download
from realign.tasks.data import read_sentences
from study import PROJECT


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory, small_encoder: Path) -> Path:
    root = tmp_path_factory.mktemp("hub")
    build_hub(root, small_encoder)
    return root


@pytest.fixture
def hub(content: Path, tmp_path: Path) -> Iterator[StandInHub]:
    """A stand-in hub over a copy of the content, so that a test can change it."""
    shutil.copytree(content, tmp_path / "hub")
    with serve(tmp_path / "hub") as server:
        yield server


def client(hub: StandInHub, cache: Path, code: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run code in a process of its own, since the hub's clients read their address when they are imported."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("HF_")}
    environment |= {"HF_ENDPOINT": hub.url, "HF_HOME": str(cache), "PYTHONPATH": str(PROJECT / "workflow"), **variables}
    head = """
        from realign.errors import InputError
        from realign.sources import fetching, hub
        from realign.sources.hub_models import snapshot
        fetching.FIRST_PAUSE = 0.01
        try:
            {}
        except InputError as error:
            print("told:", error)
    """
    body = textwrap.indent(textwrap.dedent(code).strip(), " " * 4)
    source = textwrap.dedent(head).replace("    {}", body)
    return subprocess.run([sys.executable, "-c", source], env=environment, capture_output=True, text=True, check=False)


def said(finished: subprocess.CompletedProcess[str]) -> str:
    assert finished.returncode == 0, finished.stderr[-3000:]
    return finished.stdout.strip()


TAGGED = """
commit = hub.resolve("google/xtreme", {revision!r})
rows = hub.read_tagged("xtreme", {language!r}, {split!r}, commit)
print(commit, len(rows), *rows[0].tokens[:3], *rows[0].labels[:3])
"""


def tagged(revision: str = "main", language: str = "en", split: str = "train") -> str:
    return TAGGED.format(revision=revision, language=language, split=split)


def test_tags_are_read_by_name_pinned_and_then_from_the_cache(hub: StandInHub, tmp_path: Path) -> None:
    commit = commit_of(hub.root / "datasets/google/xtreme")
    first = said(client(hub, tmp_path / "cache", tagged()))
    # the stand-in's label order is not ours: names decide
    assert first.splitlines()[-1].split()[:2] == [commit, str(TRAINING)]
    expected = read_sentences("pos", PROJECT / "lab/treebank/en-train.conllu", None)[0][0]
    assert first.split()[-6:] == [*expected.tokens[:3], *expected.labels[:3]]
    assert f" {TEST} " in said(client(hub, tmp_path / "cache", tagged(split="test")))
    downloads = hub.requests["GET train-00000-of-00001.parquet"]
    assert downloads >= 1
    assert said(client(hub, tmp_path / "cache", tagged(commit))) == first
    assert hub.requests["GET train-00000-of-00001.parquet"] == downloads, "the second time comes from the cache"
    offline = client(hub, tmp_path / "cache", tagged(commit), HF_HUB_OFFLINE="1")
    assert said(offline).splitlines()[-1] == first.splitlines()[-1]


def test_offline_without_a_cache_is_told(hub: StandInHub, tmp_path: Path) -> None:
    commit = commit_of(hub.root / "datasets/google/xtreme")
    finished = client(hub, tmp_path / "cache", tagged(commit), HF_HUB_OFFLINE="1")
    assert "told: google/xtreme (udpos.English, train): not in the local cache" in said(finished)


def test_an_unreachable_hub_is_told(tmp_path: Path, content: Path) -> None:
    with serve(content) as server:
        pass  # and gone again
    finished = client(server, tmp_path / "cache", 'print(hub.resolve("google/xtreme", "main"))')
    assert "attempt 1 of 5 failed" in said(finished)
    assert "told: google/xtreme: the hub cannot be reached" in said(finished)


def test_a_missing_language_lists_those_that_exist(hub: StandInHub, tmp_path: Path) -> None:
    finished = client(hub, tmp_path / "cache", tagged(language="fi", split="test"))
    assert "google/xtreme: has no 'udpos.Finnish'; it has udpos.Arabic, udpos.Chinese, udpos.English" in said(finished)
    code = 'list(hub.read_translations("ar", "zh", "test", hub.resolve(hub.OPUS100, "main")))'
    finished = client(hub, tmp_path / "cache", code)
    assert "Helsinki-NLP/opus-100: has no 'ar-zh'; it has ar-en, en-zh" in said(finished)


def test_a_missing_split_repository_or_revision_is_told(hub: StandInHub, tmp_path: Path) -> None:
    assert "has no split 'train'" in said(client(hub, tmp_path / "cache", tagged(language="ar", split="train")))
    finished = client(hub, tmp_path / "cache", 'hub.resolve("google/xtreme", "v9")')
    assert "told: google/xtreme: the hub has no revision 'v9' of it" in said(finished)
    finished = client(hub, tmp_path / "cache", 'hub.resolve("nobody/nothing", "main")')
    assert "told: nobody/nothing: the hub has no such repository" in said(finished)


def test_a_changed_schema_is_told(hub: StandInHub, tmp_path: Path) -> None:
    path = hub.root / "datasets/google/xtreme/udpos.English"
    other = hub.root / "datasets/unimelb-nlp/wikiann/en"
    shutil.copy(other / "test-00000-of-00001.parquet", path / "test-00000-of-00001.parquet")
    shutil.copy(other / "train-00000-of-00001.parquet", path / "train-00000-of-00001.parquet")
    finished = client(hub, tmp_path / "cache", tagged())
    assert "told: google/xtreme (en): expected columns tokens, pos_tags, found tokens: " in said(finished)


def test_a_connection_cut_inside_a_file_goes_on_where_it_was(hub: StandInHub, tmp_path: Path) -> None:
    name = "train-00000-of-00001.parquet"
    size = (hub.root / "datasets/google/xtreme/udpos.English" / name).stat().st_size
    hub.cut(name, size // 3, size // 3)
    assert f" {TRAINING} " in said(client(hub, tmp_path / "cache", tagged()))
    assert hub.requests[f"GET {name}"] == 3


def test_a_busy_hub_is_asked_again(hub: StandInHub, tmp_path: Path) -> None:
    hub.refuse("config.json", 3)
    code = """
    name = "FacebookAI/xlm-roberta-base"
    print(*sorted(path.name for path in snapshot(name, hub.resolve(name, "main", "model")).iterdir()))
    """
    assert said(client(hub, tmp_path / "cache", code)).splitlines()[-1].split() == [
        "config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json",
    ]  # fmt: skip


def test_an_encoder_without_safetensors_is_told(hub: StandInHub, tmp_path: Path) -> None:
    folder = hub.root / "models/FacebookAI/xlm-roberta-base"
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    code = 'snapshot("FacebookAI/xlm-roberta-base", hub.resolve("FacebookAI/xlm-roberta-base", "main", "model"))'
    assert "told: FacebookAI/xlm-roberta-base: no safetensors weights" in said(client(hub, tmp_path / "cache", code))


def test_pairs_of_bitext_are_source_first_whatever_their_name(hub: StandInHub, tmp_path: Path) -> None:
    code = """
    for language in ("ar", "zh"):
        pairs = list(hub.read_translations("en", language, "test", hub.resolve(hub.OPUS100, "main")))
        print(len(pairs), *pairs[0], sep="|")
    """
    lines = said(client(hub, tmp_path / "cache", code)).splitlines()[-2:]
    for line, language in zip(lines, ("ar", "zh"), strict=True):
        count, source, target = line.split("|")
        assert count == "60" and source.isascii()
        expected = (PROJECT / f"lab/bitext/test.{language}.txt").read_text(encoding="utf-8").splitlines()[0]
        assert target.replace(" ", "") == expected.replace(" ", "")


def test_inference_pairs_have_the_names_of_their_labels(hub: StandInHub, tmp_path: Path) -> None:
    code = """
    commit = hub.resolve("facebook/xnli", "main")
    rows = hub.read_sentence_pairs("xnli", "ar", "test", commit, limit=3)
    print(*(row.label for row in rows), rows[0].premise == rows[0].hypothesis)
    """
    assert said(client(hub, tmp_path / "cache", code)).endswith("entailment neutral contradiction True")


def test_a_file_is_continued_checked_and_whole(hub: StandInHub, tmp_path: Path) -> None:
    content = (hub.root / "files/dictionaries/en-ar.txt").read_bytes()
    hub.cut("en-ar.txt", 1000, 500)
    pauses: list[float] = []
    download(f"{hub.url}/files/dictionaries/en-ar.txt", tmp_path / "d.txt", sleep=pauses.append)
    assert (tmp_path / "d.txt").read_bytes() == content and pauses == [1.0, 2.0]
    assert hub.requests["GET en-ar.txt"] == 3
    with pytest.raises(InputError, match="sha256 is .* expected 00"):
        download(f"{hub.url}/files/dictionaries/en-ar.txt", tmp_path / "e.txt", sha256="00")
    with pytest.raises(InputError, match="en-xx.txt: the server answers 404"):
        download(f"{hub.url}/files/dictionaries/en-xx.txt", tmp_path / "e.txt")
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == ["d.txt"]


class Killed(Exception):
    """Stands for the end of a process."""


def killed(_pause: float) -> None:
    raise Killed


def part_of(hub: StandInHub, folder: Path) -> tuple[str, Path, bytes]:
    """A file's URL, the name to download it to, and its content, after a download that was killed half-way."""
    url, path, served = f"{hub.url}/files/large.txt", folder / "d.txt", hub.root / "files/large.txt"
    served.write_bytes(b"".join(b"%d\n" % number for number in range(40_000)))
    hub.cut("large.txt", 100_000)
    with pytest.raises(Killed):
        download(url, path, sleep=killed)
    (part,) = folder.glob(".*.part")
    assert 0 < part.stat().st_size < 100_001
    return url, path, served.read_bytes()


def left_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.is_file())


def test_a_part_is_continued_by_a_later_run(hub: StandInHub, tmp_path: Path) -> None:
    url, path, content = part_of(hub, tmp_path)
    hub.cut("large.txt", 200_000)  # more than is missing, less than the file
    download(url, path, sleep=killed)
    assert path.read_bytes() == content and left_in(tmp_path) == ["d.txt"]


def test_a_part_of_another_url_is_not_continued(hub: StandInHub, tmp_path: Path) -> None:
    _, path, _ = part_of(hub, tmp_path)
    download(f"{hub.url}/files/dictionaries/en-zh.txt", path)
    assert path.read_bytes() == (hub.root / "files/dictionaries/en-zh.txt").read_bytes()
    assert left_in(tmp_path) == ["d.txt"]


def test_a_part_of_a_file_that_changed_since_is_not_continued(hub: StandInHub, tmp_path: Path) -> None:
    url, path, content = part_of(hub, tmp_path)
    changed = bytes(reversed(content))
    (hub.root / "files/large.txt").write_bytes(changed)
    download(url, path)
    assert path.read_bytes() == changed and left_in(tmp_path) == ["d.txt"]


@pytest.mark.parametrize("tagged", [True, False])
def test_a_part_is_not_taken_for_whole_when_the_file_became_shorter(
    hub: StandInHub, tmp_path: Path, tagged: bool
) -> None:
    hub.heeds_if_range = tagged
    url, path, content = part_of(hub, tmp_path)
    (hub.root / "files/large.txt").write_bytes(content[:50])
    download(url, path, sleep=lambda _: None)
    assert path.read_bytes() == content[:50]


def test_a_part_that_is_whole_already_is_kept(hub: StandInHub, tmp_path: Path) -> None:
    url, path, content = part_of(hub, tmp_path)
    (part,) = tmp_path.glob(".*.part")
    part.write_bytes(content)
    download(url, path)
    assert path.read_bytes() == content and hub.requests["GET large.txt"] == 2


def test_a_treebank_is_named_by_treebank_release_and_split(hub: StandInHub, tmp_path: Path) -> None:
    url = f"{hub.url}/files/ud/{{treebank}}/{{release}}/{{lang}}_{{name}}-ud-{{split}}.conllu"
    fetch_treebank("UD_Arabic-PADT", "r2.15", "ar", "test", tmp_path / "t.conllu", url=url)
    assert (tmp_path / "t.conllu").read_bytes() == (PROJECT / "lab/treebank/ar-test.conllu").read_bytes()
    with pytest.raises(InputError, match="ar_padt-ud-train.conllu: the server answers 404"):
        fetch_treebank("UD_Arabic-PADT", "r2.15", "ar", "train", tmp_path / "u.conllu", url=url)


def test_a_fetched_task_is_what_its_config_entry_names(hub: StandInHub, tmp_path: Path) -> None:
    url = f"{hub.url}/files/ud/{{treebank}}/{{release}}/{{lang}}_{{name}}-ud-{{split}}.conllu"
    entry = {"dataset": "ud", "revision": "r2.15", "treebanks": {"ar": "UD_Arabic-PADT"}, "url": url}
    sentences, labels, provenance = fetch_sentences(entry, "ar", "test", 3, tmp_path)
    expected, names = read_sentences("pos", PROJECT / "lab/treebank/ar-test.conllu", None)
    assert (sentences, labels) == (expected[:3], names)
    assert (provenance["treebank"], provenance["revision"]) == ("UD_Arabic-PADT", "r2.15")
    code = """
    from realign.sources.labelled import fetch_pairs, fetch_sentences
    from pathlib import Path
    entry = {"revision": "main", "treebanks": {}, "url": None}
    pairs, labels, _ = fetch_pairs(entry | {"dataset": "xnli"}, "ar", "test", 3)
    sentences, _, origin = fetch_sentences(entry | {"dataset": "xtreme"}, "en", "train", 2, Path())
    print(len(pairs), *labels, len(sentences), origin["repository"])
    """
    told = said(client(hub, tmp_path / "cache", code)).splitlines()[-1]
    assert told == "3 entailment neutral contradiction 2 google/xtreme"


def test_provenance_is_recorded(tmp_path: Path) -> None:
    fetching.write_provenance(tmp_path / "p.json", repository="a/b", revision="c" * 40, pairs=3)
    assert json.loads((tmp_path / "p.json").read_text()) == {"repository": "a/b", "revision": "c" * 40, "pairs": 3}
