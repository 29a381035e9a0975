"""Bitext in files by URL: read as far as needed, by range requests, and what is said when it goes wrong."""

import gzip
import json
import random
import zipfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from hub import StandInHub, serve
from realign.config.reading import read_config
from realign.errors import InputError
from realign.experiment.experiment import Experiment
from realign.experiment.shared import unpinned
from realign.sources import fetching, remote
from realign.sources.corpora import moses, nllb
from realign.sources.parallel import write_pairs
from realign.sources.remote import RemoteFile
from realign.sources.requests import BitextRequest
from realign.text.files import sha256_of
from study import PROJECT, build_study

PAIRS = [(f"sentence {n} {random.Random(n).random()}", f"አረፍተ ነገር {n}") for n in range(3000)]


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[StandInHub]:
    """A web server with NLLB's and OPUS's forms of the same bitext, which is read in small blocks."""
    monkeypatch.setattr(remote, "BLOCK", 4096)
    monkeypatch.setattr(fetching, "FIRST_PAUSE", 0.001)
    files = tmp_path / "hub/files"
    files.mkdir(parents=True)
    rows = [f"{amharic}\t{english}\t1.2\t1\t1\tcrawl\t_\tcrawl\t_\n" for english, amharic in PAIRS]
    (files / "amh_Ethi-eng_Latn.gz").write_bytes(gzip.compress("".join(rows).encode()))
    english, amharic = ("".join(f"{side}\n" for side in sides) for sides in zip(*PAIRS, strict=True))
    with zipfile.ZipFile(files / "am-en.txt.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("README", "who made it")
        archive.writestr("NLLB.am-en.en", english)
        archive.writestr("NLLB.am-en.am", amharic)
        archive.writestr("NLLB.am-en.scores", "1\n" * len(PAIRS))
    (files / "en-am.en.gz").write_bytes(gzip.compress(english.encode()))
    (files / "en-am.am").write_text(amharic, encoding="utf-8")
    for split, pairs in (("train", PAIRS[10:]), ("test", PAIRS[:10])):
        for side, name in enumerate(("en", "am")):
            (files / f"{split}.{name}").write_text("".join(f"{pair[side]}\n" for pair in pairs), encoding="utf-8")
    with serve(tmp_path / "hub") as server:
        yield server


def entry(hub: StandInHub, form: str) -> dict[str, Any]:
    """The config's bitext in one form of the files."""
    base = {"source": "hub", "test_sentences": 10}
    files = f"{hub.url}/files"
    return {
        "nllb": {**base, "dataset": "nllb", "url": f"{files}/{{pair}}.gz"},
        "zip": {**base, "dataset": "moses", "url": f"{files}/{{pair}}.txt.zip"},
        "sides": {
            **base,
            "dataset": "moses",
            "source_url": f"{files}/{{source}}-{{lang}}.en.gz",
            "target_url": f"{files}/{{source}}-{{lang}}.am",
        },
        "splits": {
            **base,
            "dataset": "moses",
            "source_url": f"{files}/{{split}}.{{source}}",
            "target_url": f"{files}/{{split}}.{{lang}}",
        },
    }[form]


def experiment(bitext: dict[str, Any], targets: tuple[str, ...] = ("am",)) -> Experiment:
    content = {
        "target_languages": list(targets),
        "seeds": [31],
        "models": {"e5": {"source": "lab", "layers": 3}},
        "methods": {"baseline": {}, "sentences": {"when": "before", "unit": "sentence"}},
        "tasks": {"pos": {"source": "lab"}},
        "bitext": bitext,
        "dictionaries": {"source": "lab"},
    }
    return Experiment(read_config(content), PROJECT / "lab")


def fetched(bitext: dict[str, Any], split: str, folder: Path) -> list[tuple[str, str]]:
    """The pairs that the fetching stage writes for this entry."""
    params = experiment(bitext).bitext_params(split, "am")
    request = BitextRequest("en", "am", split, params["corpus"], params["limit"], folder)
    pairs, origin = {row.__name__: row for row in (nllb, moses)}[params["module"]].fetch(request)
    assert all(url.startswith("http") for url in origin.values())
    return list(islice(pairs, params["limit"]))


FORMS = ["nllb", "zip", "sides", "splits"]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("parts", [True, False])
def test_the_first_pairs_are_held_out_and_the_others_are_for_training(
    hub: StandInHub, tmp_path: Path, form: str, parts: bool
) -> None:
    hub.serves_parts = parts
    bitext = entry(hub, form)
    assert fetched(bitext, "test", tmp_path / "raw") == PAIRS[:10]
    assert fetched({**bitext, "max_sentences": 50}, "train", tmp_path / "raw") == PAIRS[10:60]
    assert fetched(bitext, "train", tmp_path / "raw") == PAIRS[10:]
    assert not list((tmp_path / "raw").glob("*")) + list((tmp_path / "raw").glob(".*"))


@pytest.mark.parametrize("form", FORMS)
def test_no_more_of_a_file_is_fetched_than_the_pairs_take(hub: StandInHub, tmp_path: Path, form: str) -> None:
    fetched({**entry(hub, form), "max_sentences": 50}, "train", tmp_path)
    asked, whole = (
        sum(hub.requests.values()),
        sum(path.stat().st_size for path in hub.root.rglob("*") if path.is_file()),
    )
    assert asked <= 8 and asked * remote.BLOCK < whole / 4


def test_a_broken_connection_is_resumed_and_a_busy_server_asked_again(hub: StandInHub, tmp_path: Path) -> None:
    bitext = {**entry(hub, "nllb"), "max_sentences": 2000}
    hub.cut("amh_Ethi-eng_Latn.gz", 100, 2000)
    hub.refuse("amh_Ethi-eng_Latn.gz", 2)
    assert fetched(bitext, "train", tmp_path) == PAIRS[10:2010]


def test_a_file_that_changes_while_it_is_read_is_refused(hub: StandInHub) -> None:
    file = hub.root / "files/en-am.am"
    for change in (bytes(reversed(file.read_bytes())), file.read_bytes() + b"more\n"):
        with RemoteFile(f"{hub.url}/files/en-am.am") as content:
            assert content.read(10) == file.read_bytes()[:10]
            file.write_bytes(change)
            content.seek(5000)
            with pytest.raises(InputError, match="en-am.am: the file changed while it was read; run again"):
                content.read(10)


@pytest.mark.parametrize("form", FORMS)
def test_what_is_wrong_is_one_sentence(hub: StandInHub, tmp_path: Path, form: str) -> None:
    bitext, files = {**entry(hub, form), "max_sentences": 50}, hub.root / "files"
    for file in list(files.iterdir()):
        if file.suffix in (".gz", ".zip"):
            content = bytearray(file.read_bytes())
            content[200:300] = bytes(100)
            file.write_bytes(content)
        else:
            file.write_bytes(b"good\n\xff\n" * 70)
    with pytest.raises(InputError, match=r"line 2 is not UTF-8|damaged after line \d+|one side ends") as error:
        fetched(bitext, "train", tmp_path)
    for file in files.iterdir():
        file.unlink()
    with pytest.raises(InputError, match="the server answers 404; there is no such file"):
        fetched(bitext, "train", tmp_path)
    hub.url = "http://127.0.0.1:9"
    with pytest.raises(InputError, match="cannot be reached .ConnectionError.; fetching needs a network") as error:
        fetched({**entry(hub, form), "max_sentences": 50}, "train", tmp_path)
    assert "\n" not in str(error.value)


def test_sides_of_different_lengths_and_other_zip_files_are_refused(hub: StandInHub, tmp_path: Path) -> None:
    file = hub.root / "files/en-am.am"
    longer = file.read_text(encoding="utf-8")
    for content, said in (("one\n", "one side ends after line 1"), (longer + "more\n", "goes on after the source")):
        file.write_text(content, encoding="utf-8")
        with pytest.raises(InputError, match=said):
            fetched(entry(hub, "sides"), "train", tmp_path)
    for codes in ({"am": "xx"}, {"en": "xx"}):
        pair = "-".join(sorted(({"en": "en", "am": "am"} | codes).values()))
        (hub.root / f"files/{pair}.txt.zip").write_bytes((hub.root / "files/am-en.txt.zip").read_bytes())
        with pytest.raises(InputError, match=r"one file that ends in '\.xx', found 0 among README, NLLB.am-en.en"):
            fetched({**entry(hub, "zip"), "codes": codes}, "test", tmp_path)
    (hub.root / "files/am-en.txt.zip").write_bytes(b"<html>")
    with pytest.raises(InputError, match="am-en.txt.zip: not a zip file"):
        fetched(entry(hub, "zip"), "test", tmp_path)


def test_the_params_of_a_language_do_not_depend_on_the_others(hub: StandInHub) -> None:
    bitext = {**entry(hub, "nllb"), "sha256": {"am": {"train": "a" * 64}}}
    alone, together = experiment(bitext), experiment(bitext, ("am", "sw"))
    assert alone.bitext_params("train", "am") == together.bitext_params("train", "am")
    assert together.bitext_params("train", "sw")["corpus"]["codes"] == {"en": "eng_Latn", "sw": "swh_Latn"}
    assert alone.bitext_params("train", "am")["sha256"] == "a" * 64
    assert "sha256" not in together.bitext_params("test", "am")
    assert unpinned(together.config) == ["bitext.sha256.am", "bitext.sha256.sw"]
    pinned = {**bitext, "sha256": {"am": {"train": "a" * 64, "test": "b" * 64}}}
    assert unpinned(experiment(pinned).config) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            {"dataset": "nllb", "url": "https://a.example/x.gz"},
            "bitext.url: found 'https://a.example/x.gz'; expected {pair}",
        ),
        ({"dataset": "moses"}, "expected either 'url', or both 'source_url' and 'target_url'"),
        ({"dataset": "moses", "source_url": "a/{lang}"}, "expected either 'url', or both"),
        ({"dataset": "moses", "url": "a/{lang}", "target_url": "b"}, "expected either 'url', or both"),
        (
            {"dataset": "moses", "source_url": "{split}", "target_url": "{lang}"},
            "expected {split} in both 'source_url'",
        ),
        (
            {"dataset": "moses", "source_url": "a/{lang}", "target_url": "b"},
            "bitext.target_url: found 'b'; expected {lang}, because languages cannot share a file",
        ),
        ({"dataset": "nllb", "sha256": {"am": {"train": "a"}}}, "bitext.sha256.am.train: found 'a'"),
    ],
)
def test_a_mistake_in_the_entry_is_one_sentence(change: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError) as error:
        experiment({"source": "hub", **change}, ("am", "sw"))
    assert said in str(error.value) and "\n" not in str(error.value)


def test_a_language_without_a_code_is_named() -> None:
    with pytest.raises(InputError, match="bitext.codes: no code for bbj"):
        experiment({"source": "hub", "dataset": "nllb"}, ("am", "bbj", "xal"))
    chosen = experiment({"source": "hub", "dataset": "nllb", "codes": {"bbj": "bbj_Latn"}}, ("am", "bbj"))
    assert chosen.bitext_params("test", "bbj")["corpus"]["codes"] == {"en": "eng_Latn", "bbj": "bbj_Latn"}


def test_pairs_with_another_sha256_than_the_expected_one_are_not_written(tmp_path: Path) -> None:
    path, pairs = tmp_path / "en-am.tsv", [("a", "b"), ("", "c"), ("d", "e"), ("f", "g")]
    assert write_pairs(path, pairs, 3) == (2, sha256_of(path))
    assert path.read_text(encoding="utf-8") == "a\tb\nd\te\n"
    assert write_pairs(path, pairs, 3, sha256_of(path))[0] == 2
    path.unlink()
    with pytest.raises(InputError, match=rf"en-am.tsv: the 3 sentence pairs have the sha256 \w+, expected {'a' * 64}"):
        write_pairs(path, pairs, None, "a" * 64)
    assert not list(tmp_path.iterdir())


def test_the_workflow_fetches_each_language_from_its_own_corpus(
    hub: StandInHub, tmp_path: Path, small_encoder: Path
) -> None:
    study = build_study(tmp_path / "home", small_encoder)
    for language, form in (("de", "deu_Latn-eng_Latn.gz"), ("it", "en-it.txt.zip")):
        sides = [(f"A {language} sentence, {n}.", f"Satz {n} in {language}.") for n in range(12)]
        if language == "de":
            rows = "".join(f"{target}\t{source}\t1.1\n" for source, target in sides)
            (hub.root / "files" / form).write_bytes(gzip.compress(rows.encode()))
        else:
            with zipfile.ZipFile(hub.root / "files" / form, "w") as archive:
                for side, name in enumerate(("en", "it")):
                    archive.writestr(f"NLLB.en-it.{name}", "".join(f"{pair[side]}\n" for pair in sides))
    bitext, other = {**entry(hub, "nllb"), "max_sentences": 1}, entry(hub, "zip")
    targets = [f"results/bitext/{split}/en-{language}.txt" for split in ("train", "test") for language in ("de", "it")]
    with study.replaced_config(bitext=bitext, bitext_of={"it": other}):
        study.run(*targets)
        assert study.planned(*targets) == set()
    lines = {target: (study.folder / target).read_text(encoding="utf-8").splitlines() for target in targets}
    assert [len(found) for found in lines.values()] == [1, 2, 10, 10]
    assert lines[targets[0]] == ["A de sentence , 10 . ||| Satz 10 in de ."]
    origin = json.loads((study.folder / "results/raw_bitext/train/en-it.source.json").read_text())
    assert origin["url"] == f"{hub.url}/files/en-it.txt.zip"
    assert origin["pairs"] == 2 and origin["pairs_sha256"] == sha256_of(
        study.folder / "results/raw_bitext/train/en-it.tsv"
    )
    wrong = {**bitext, "sha256": {"de": {"train": "0" * 64}}}
    with study.replaced_config(bitext=wrong, bitext_of={"it": other}):
        assert study.planned(*targets) == {"raw_bitext/train/en-de.tsv", "bitext/train/en-de.txt"}
        failed = study.snakemake("-j2", *targets)
    assert failed.returncode != 0 and "expected 0000" in failed.stdout + failed.stderr
