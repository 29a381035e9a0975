"""Fetching from a hub: the real clients against a stand-in on loopback, and what is said when it goes wrong."""

import json
import os
import shutil
import subprocess
import sys
import textwrap
from ast import literal_eval
from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from datasets import Dataset

from hub import StandInHub, commit_of, serve
from hub_content import TEST, TRAINING, build_hub, raw
from realign.config.reading import read_config
from realign.errors import InputError
from realign.experiment.experiment import Experiment
from realign.sources.corpora import masakhaner, masakhapos, ud
from realign.sources.provenance import write_provenance
from realign.sources.requests import LabelledRequest
from realign.sources.web import download
from realign.tasks import ner, pos
from realign.text.files import sha256_of
from realign.text.labels import ENTITIES, INFERENCE, TOPICS, UPOS
from realign.text.sentences import LabelledText
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
        from pathlib import Path
        from realign.errors import InputError
        from realign.sources import fetching, hub
        from realign.sources.corpora import opus100, wikiann, xnli, xtreme
        from realign.sources.hub_models import snapshot
        from realign.sources.requests import BitextRequest, LabelledRequest
        fetching.FIRST_PAUSE = 0.01
        try:
            {}
        except InputError as error:
            print("refused:", error)
    """
    body = textwrap.indent(textwrap.dedent(code).strip(), " " * 4)
    source = textwrap.dedent(head).replace("    {}", body)
    return subprocess.run([sys.executable, "-c", source], env=environment, capture_output=True, text=True, check=False)


def said(finished: subprocess.CompletedProcess[str]) -> str:
    assert finished.returncode == 0, finished.stderr[-3000:]
    return finished.stdout.strip()


TAGGED = """
request = LabelledRequest({language!r}, {split!r}, None, {labels!r}, Path(), {{"revision": {revision!r}}})
sentences, provenance = xtreme.fetch(request)
print(provenance["revision"], len(sentences), *sentences[0].tokens[:3], *sentences[0].labels[:3])
"""


def tagged(revision: str = "main", language: str = "en", split: str = "train", labels: tuple[str, ...] = UPOS) -> str:
    return TAGGED.format(revision=revision, language=language, split=split, labels=labels)


def test_tags_are_read_by_name_pinned_and_then_from_the_cache(hub: StandInHub, tmp_path: Path) -> None:
    commit = commit_of(hub.root / "datasets/google/xtreme")
    first = said(client(hub, tmp_path / "cache", tagged()))
    # the stand-in's label order is not ours: names decide
    assert first.splitlines()[-1].split()[:2] == [commit, str(TRAINING)]
    expected = next(pos.read(PROJECT / "lab/treebank/en-train.conllu", UPOS))
    assert first.split()[-6:] == [*expected.tokens[:3], *expected.labels[:3]]
    assert f" {TEST} " in said(client(hub, tmp_path / "cache", tagged(split="test")))
    downloads = hub.requests["GET train-00000-of-00001.parquet"]
    assert downloads >= 1
    assert said(client(hub, tmp_path / "cache", tagged(commit))) == first
    assert hub.requests["GET train-00000-of-00001.parquet"] == downloads, "the second time comes from the cache"
    offline = client(hub, tmp_path / "cache", tagged(commit), HF_HUB_OFFLINE="1")
    assert said(offline).splitlines()[-1] == first.splitlines()[-1]


def test_offline_without_a_cache_is_reported(hub: StandInHub, tmp_path: Path) -> None:
    commit = commit_of(hub.root / "datasets/google/xtreme")
    finished = client(hub, tmp_path / "cache", tagged(commit), HF_HUB_OFFLINE="1")
    assert "refused: google/xtreme (udpos.English, train): not in the local cache" in said(finished)


def test_an_unreachable_hub_is_reported(tmp_path: Path, content: Path) -> None:
    with serve(content) as server:
        pass  # and gone again
    finished = client(server, tmp_path / "cache", 'print(hub.resolve("google/xtreme", "main"))')
    assert "attempt 1 of 5 failed" in said(finished)
    assert "refused: google/xtreme: the hub cannot be reached" in said(finished)


def test_a_missing_language_lists_those_that_exist(hub: StandInHub, tmp_path: Path) -> None:
    finished = client(hub, tmp_path / "cache", tagged(language="fi", split="test"))
    assert "google/xtreme: has no 'udpos.Finnish'; it has udpos.Arabic, udpos.Chinese, udpos.English" in said(finished)
    code = 'list(opus100.fetch(BitextRequest("ar", "zh", "test", {"revision": "main"}))[0])'
    finished = client(hub, tmp_path / "cache", code)
    assert "Helsinki-NLP/opus-100: has no 'ar-zh'; it has ar-en, en-zh" in said(finished)


def test_a_missing_split_repository_or_revision_is_reported(hub: StandInHub, tmp_path: Path) -> None:
    assert "has no split 'train'" in said(client(hub, tmp_path / "cache", tagged(language="ar", split="train")))
    finished = client(hub, tmp_path / "cache", 'hub.resolve("google/xtreme", "v9")')
    assert "refused: google/xtreme: the hub has no revision 'v9' of it" in said(finished)
    finished = client(hub, tmp_path / "cache", 'hub.resolve("nobody/nothing", "main")')
    assert "refused: nobody/nothing: the hub has no such repository" in said(finished)


def test_a_changed_schema_is_reported(hub: StandInHub, tmp_path: Path) -> None:
    path = hub.root / "datasets/google/xtreme/udpos.English"
    other = hub.root / "datasets/unimelb-nlp/wikiann/en"
    shutil.copy(other / "test-00000-of-00001.parquet", path / "test-00000-of-00001.parquet")
    shutil.copy(other / "train-00000-of-00001.parquet", path / "train-00000-of-00001.parquet")
    finished = client(hub, tmp_path / "cache", tagged())
    assert "refused: google/xtreme (en): expected columns tokens, pos_tags, found tokens: " in said(finished)


def test_labels_of_the_hub_that_are_not_ours_are_refused(hub: StandInHub, tmp_path: Path) -> None:
    finished = client(hub, tmp_path / "cache", tagged(labels=UPOS[2:]))
    assert "refused: google/xtreme (en): unknown labels ADJ, ADP" in said(finished)


def test_a_connection_cut_inside_a_file_resumes_where_it_was(hub: StandInHub, tmp_path: Path) -> None:
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


def test_pickled_weights_are_fetched_only_where_there_are_no_others(hub: StandInHub, tmp_path: Path) -> None:
    folder = hub.root / "models/FacebookAI/xlm-roberta-base"
    code = """
    name = "FacebookAI/xlm-roberta-base"
    print(*sorted(path.name for path in snapshot(name, hub.resolve(name, "main", "model")).iterdir()))
    """
    for name in ("pytorch_model.bin", "pytorch_model.generator.bin", "training_args.bin"):
        (folder / name).write_bytes(b"weights")
    fetched = said(client(hub, tmp_path / "one", code)).splitlines()[-1].split()
    assert [name for name in fetched if name.endswith((".bin", ".safetensors"))] == ["model.safetensors"]
    (folder / "model.safetensors").unlink()
    fetched = said(client(hub, tmp_path / "two", code)).splitlines()[-1].split()
    assert [name for name in fetched if name.endswith((".bin", ".safetensors"))] == ["pytorch_model.bin"]


def test_an_encoder_without_weights_is_reported(hub: StandInHub, tmp_path: Path) -> None:
    (hub.root / "models/FacebookAI/xlm-roberta-base/model.safetensors").unlink()
    code = 'snapshot("FacebookAI/xlm-roberta-base", hub.resolve("FacebookAI/xlm-roberta-base", "main", "model"))'
    refusal = "refused: FacebookAI/xlm-roberta-base: no weights in safetensors or pytorch_model.bin at "
    assert refusal in said(client(hub, tmp_path / "cache", code))


def test_the_library_takes_an_encoder_by_its_name(hub: StandInHub, tmp_path: Path) -> None:
    commit = commit_of(hub.root / "models/FacebookAI/xlm-roberta-base")
    code = """
    import realign
    from realign.api.encoders import opened
    from realign.encoders.checkpoint import read_manifest
    for name in ("FacebookAI/xlm-roberta-base", "FacebookAI/xlm-roberta-base@{commit}"):
        with opened(name) as folder:
            print(read_manifest(folder).model, read_manifest(folder).origin)
    print(len(realign.measure(name, ["a bridge"], ["un pont"], links=[[(1, 1)]])))
    realign.measure("FacebookAI/nothing", ["a"], ["b"], links=[[(0, 0)]])
    """.replace("{commit}", commit)
    *named, rows, refused = said(client(hub, tmp_path / "cache", code)).splitlines()
    assert named == [f"FacebookAI/xlm-roberta-base FacebookAI/xlm-roberta-base@{commit}"] * 2
    assert int(rows) == 3 * 2 * 2 and refused.startswith("refused: FacebookAI/nothing")


def test_pairs_of_bitext_are_source_first_whatever_their_name(hub: StandInHub, tmp_path: Path) -> None:
    code = """
    for language in ("ar", "zh"):
        found, provenance = opus100.fetch(BitextRequest("en", language, "test", {"revision": "main"}))
        pairs = list(found)
        print(len(pairs), *pairs[0], provenance["repository"], provenance["revision"], sep="|")
    """
    commit = commit_of(hub.root / "datasets/Helsinki-NLP/opus-100")
    lines = said(client(hub, tmp_path / "cache", code)).splitlines()[-2:]
    for line, language in zip(lines, ("ar", "zh"), strict=True):
        count, source, target, *provenance = line.split("|")
        assert count == "60" and source.isascii()
        assert provenance == ["Helsinki-NLP/opus-100", commit]
        expected = (PROJECT / f"lab/bitext/test.{language}.txt").read_text(encoding="utf-8").splitlines()[0]
        assert target.replace(" ", "") == expected.replace(" ", "")


def test_inference_pairs_have_the_names_of_their_labels(hub: StandInHub, tmp_path: Path) -> None:
    code = f"""
    request = LabelledRequest("ar", "test", 3, {INFERENCE!r}, Path(), {{"revision": "main"}})
    pairs, _ = xnli.fetch(request)
    print(*(pair.label for pair in pairs), pairs[0].first == pairs[0].second)
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


TREEBANK = "{treebank}/{release}/{lang}_{name}-ud-{split}.conllu"


def treebank(hub: StandInHub, folder: Path, split: str, limit: int | None = None) -> LabelledRequest:
    """What is asked of the Arabic treebank."""
    url, treebanks = f"{hub.url}/files/ud/{TREEBANK}", {"ar": "UD_Arabic-PADT"}
    return LabelledRequest("ar", split, limit, UPOS, folder, {"revision": "r2.15", "treebanks": treebanks, "url": url})


def test_a_treebank_is_named_by_treebank_release_and_split(hub: StandInHub, tmp_path: Path) -> None:
    assert f"https://raw.githubusercontent.com/UniversalDependencies/{TREEBANK}" == ud.URL
    original = PROJECT / "lab/treebank/ar-test.conllu"
    sentences, provenance = ud.fetch(treebank(hub, tmp_path, "test"))
    assert sentences == list(pos.read(original, UPOS))
    assert provenance == {"treebank": "UD_Arabic-PADT", "revision": "r2.15", "sha256": sha256_of(original)}
    with pytest.raises(InputError, match="ar_padt-ud-train.conllu: the server answers 404"):
        ud.fetch(treebank(hub, tmp_path, "train"))
    assert left_in(tmp_path) == [], "the raw file stays no longer than it is read"


def test_multiword_tokens_are_read_when_the_config_asks_for_them(hub: StandInHub, tmp_path: Path) -> None:
    file = next(hub.root.rglob("ar_padt-ud-test.conllu"))
    file.write_text("1-2\tab" + "\t_" * 8 + "\n1\ta\t_\tADP" + "\t_" * 6 + "\n2\tb\t_\tNOUN" + "\t_" * 6 + "\n\n")
    request = treebank(hub, tmp_path, "test")
    assert ud.fetch(request)[0] == [(["a", "b"], ["ADP", "NOUN"])]
    request = replace(request, settings={**request.settings, "multiword_tokens": True})
    assert ud.fetch(request)[0] == [(["ab", "a", "b"], ["_", "ADP", "NOUN"])]


def test_fewer_examples_than_the_config_asks_for_are_refused(hub: StandInHub, tmp_path: Path) -> None:
    assert len(ud.fetch(treebank(hub, tmp_path, "test", limit=3))[0]) == 3
    there = pos.count(PROJECT / "lab/treebank/ar-test.conllu")
    said_of = rf"UD_Arabic-PADT \(test\): has {there} sentences, but training_sentences in the config is {there + 1}"
    with pytest.raises(InputError, match=said_of):
        ud.fetch(treebank(hub, tmp_path, "test", limit=there + 1))
    code = f"""
    xnli.fetch(LabelledRequest("en", "train", {TRAINING + 1}, {INFERENCE!r}, Path(), {{"revision": "main"}}))
    """
    expected = f"refused: facebook/xnli (en, train): has {TRAINING} sentences, but training_sentences in the config is"
    assert expected in said(client(hub, tmp_path / "cache", code))


def params_of(entry: dict[str, Any], task: str, language: str, split: str) -> dict[str, Any]:
    """The params of the stage that fetches a task whose config entry this is."""
    content = {
        "target_languages": ["ar"],
        "seeds": [31],
        "models": {"e5": {"source": "lab", "layers": 3}},
        "methods": ["baseline"],
        "tasks": {task: {"source": "hub", **entry}},
        "bitext": {"source": "lab"},
        "dictionaries": {"source": "lab"},
    }
    return Experiment(read_config(content), PROJECT / "lab").examples_params(task, language, split)


@pytest.mark.parametrize(
    ("selection", "repository"), [("xtreme", "google/xtreme"), ("xtreme-r", "izhx/xtreme-r-udpos")]
)
def test_a_fetched_task_is_what_its_config_entry_names(
    hub: StandInHub, tmp_path: Path, selection: str, repository: str
) -> None:
    treebanks = {"en": "UD_English-EWT", "ar": "UD_Arabic-PADT"}
    entry = {"dataset": "ud", "revision": "r2.15", "treebanks": treebanks, "url": f"{hub.url}/files/ud/{TREEBANK}"}
    params = params_of(entry, "pos", "ar", "test")
    assert params["reader"] == ud.__name__
    request = LabelledRequest("ar", "test", 3, tuple(params["labels"]), tmp_path, params["corpus"])
    sentences, provenance = ud.fetch(request)
    assert sentences == list(pos.read(PROJECT / "lab/treebank/ar-test.conllu", UPOS))[:3]
    assert tuple(params["labels"]) == UPOS
    assert (provenance["treebank"], provenance["revision"]) == ("UD_Arabic-PADT", "r2.15")
    wikiann, xtreme = {"dataset": "wikiann", "training_sentences": 4}, {"dataset": selection, "training_sentences": 2}
    of_task = {
        "nli": ("ar", "test", params_of({"dataset": "xnli"}, "nli", "ar", "test") | {"limit": 3}),
        "ner": ("en", "train", params_of(wikiann, "ner", "en", "train")),
        "pos": ("en", "train", params_of(xtreme, "pos", "en", "train")),
    }
    code = f"""
    from importlib import import_module
    for task, (language, split, params) in {of_task!r}.items():
        labels = tuple(params["labels"])
        request = LabelledRequest(language, split, params["limit"], labels, Path(), params["corpus"])
        examples, origin = import_module(params["reader"]).fetch(request)
        print(task, len(examples), *labels, origin["repository"])
        print([tuple(example) for example in examples])
    """
    lines = said(client(hub, tmp_path / "cache", code)).splitlines()[-6:]
    assert lines[0] == "nli 3 entailment neutral contradiction facebook/xnli"
    assert lines[2] == f"ner 4 {' '.join(ENTITIES)} unimelb-nlp/wikiann"
    assert lines[4] == f"pos 2 {' '.join(UPOS)} {repository}"
    for line, task, labels, count in ((lines[3], ner, ENTITIES, 4), (lines[5], pos, UPOS, 2)):
        expected = [tuple(s) for s in islice(task.read(PROJECT / "lab/treebank/en-train.conllu", labels), count)]
        assert literal_eval(line) == expected


def test_questions_topics_and_paraphrases_are_fetched_as_they_are_published(hub: StandInHub, tmp_path: Path) -> None:
    codes = {"en": "eng_Latn", "ar": "arb_Arab"}
    wanted = [
        params_of({"dataset": "xquad", "training_sentences": 5}, "qa", "en", "train") | {"at": ("en", "train")},
        params_of({"dataset": "xquad"}, "qa", "ar", "test") | {"at": ("ar", "test")},
        params_of({"dataset": "paws-x", "training_sentences": 4}, "paws-x", "en", "train") | {"at": ("en", "train")},
        params_of({"dataset": "sib-200", "codes": codes}, "topic", "ar", "test") | {"at": ("ar", "test")},
    ]
    assert wanted[3]["corpus"]["codes"] == {"ar": "arb_Arab"}, "another language's code changes nothing here"
    code = f"""
    from importlib import import_module
    for params in {wanted!r}:
        request = LabelledRequest(*params["at"], params["limit"], tuple(params["labels"]), Path(), params["corpus"])
        examples, origin = import_module(params["reader"]).fetch(request)
        print(origin["repository"], origin["revision"], len(examples), ascii(examples[-1]), sep="|")
    """
    lines = [line.split("|") for line in said(client(hub, tmp_path / "cache", code)).splitlines() if "|" in line]
    names = ["rajpurkar/squad", "google/xquad", "google-research-datasets/paws-x", "Davlan/sib200"]
    assert [line[0] for line in lines] == names
    assert [line[1] for line in lines] == [commit_of(hub.root / "datasets" / name) for name in names]
    assert [int(line[2]) for line in lines] == [5, TEST, 4, TEST], "pairs without a label or a sentence do not count"
    texts = {
        language: [
            raw(one.tokens, language) for one in pos.read(PROJECT / f"lab/treebank/{language}-{split}.conllu", UPOS)
        ]
        for language, split in (("en", "train"), ("ar", "test"))
    }
    assert "answers=[Answer(text=" in lines[0][3] and "answer_start" not in lines[0][3]
    assert lines[2][3] == ascii(LabelledText(texts["en"][3], texts["en"][3], "1"))
    topic = TOPICS[(TEST - 1) % len(TOPICS)]
    assert lines[3][3] == ascii(LabelledText(f'He said "{texts["ar"][TEST - 1]}"', None, topic))


def test_what_the_new_corpora_lack_is_said(hub: StandInHub, tmp_path: Path) -> None:
    (hub.root / "datasets/Davlan/sib200/data/arb_Arab/test.tsv").unlink()
    code = """
    from realign.sources.corpora import sib200, xquad
    settings = {"revision": "main", "training_revision": "main", "codes": {"ar": "arb_Arab"}}
    for corpus, split in ((sib200, "test"), (xquad, "train")):
        try:
            corpus.fetch(LabelledRequest("ar", split, None, (), Path(), settings))
        except InputError as error:
            print("refused:", error)
    """
    finished = said(client(hub, tmp_path / "cache", code))
    assert "refused: Davlan/sib200: has no file 'data/arb_Arab/test.tsv'" in finished
    assert "refused: rajpurkar/squad: is English; found 'ar' as the language to train in" in finished


def test_a_training_answer_that_is_elsewhere_is_refused(hub: StandInHub, tmp_path: Path) -> None:
    path = hub.root / "datasets/rajpurkar/squad/plain_text/train-00000-of-00001.parquet"
    table = Dataset.from_parquet(str(path), cache_dir=str(tmp_path / "arrow"), keep_in_memory=True)
    rows = table.to_dict()
    rows["answers"][2] = {"text": ["nowhere"], "answer_start": [0]}
    Dataset.from_dict(rows, table.features).to_parquet(path)
    code = """
    from realign.sources.corpora import xquad
    settings = {"revision": "main", "training_revision": "main"}
    xquad.fetch(LabelledRequest("en", "train", None, (), Path(), settings))
    """
    expected = "refused: rajpurkar/squad (plain_text, train): row 3: the answer 'nowhere' is not at 0"
    assert expected in said(client(hub, tmp_path / "cache", code))


MASAKHANE = {
    "pos/data/hau/test.txt": "Hukumar NOUN\nta AUX\n. PUNCT\n\nWA PROPN\n",
    "ner/MasakhaNER2.0/data/hau/test.txt": "ranar B-DATE\n14 I-DATE\nga O\nKano B-LOC\n\nAFN B-ORG\n",
    "uner/UNER_English-EWT/abc/en_ewt-ud-train.iob2": "# text = US\n1\tThe\tO\n2\tUS\tB-LOC\t-\ta\n\n1\tIran\tB-OTH\n",
}


@pytest.fixture
def repositories(hub: StandInHub) -> str:
    """The URL below which files of Masakhane and of Universal NER are, in the layout of their repositories."""
    for name, text in MASAKHANE.items():
        path = hub.root / "files" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    treebank = hub.root / "files/ud/UD_English-EWT/r2.15/en_ewt-ud-train.conllu"
    treebank.parent.mkdir(parents=True)
    shutil.copy(PROJECT / "lab/treebank/en-train.conllu", treebank)
    return f"{hub.url}/files"


def fetched(entry: dict[str, Any], task: str, language: str, split: str, folder: Path) -> Any:
    """What a corpus makes of the params of its stage."""
    params = params_of(entry, task, language, split)
    request = LabelledRequest(language, split, None, tuple(params["labels"]), folder, params["corpus"])
    return import_module(params["reader"]).fetch(request)


def test_african_parts_of_speech_come_with_english_from_a_treebank(repositories: str, tmp_path: Path) -> None:
    entry = {
        "dataset": "masakhapos",
        "masakhane_url": f"{repositories}/pos/data/{{code}}/{{split}}.txt",
        "url": f"{repositories}/ud/{TREEBANK}",
    }
    sentences, provenance = fetched(entry, "pos", "ha", "test", tmp_path)
    assert sentences == [(["Hukumar", "ta", "."], ["NOUN", "AUX", "PUNCT"]), (["WA"], ["PROPN"])]
    assert provenance["url"].endswith("/data/hau/test.txt") and len(provenance["sha256"]) == 64
    sentences, provenance = fetched(entry, "pos", "en", "train", tmp_path)
    assert sentences == list(pos.read(PROJECT / "lab/treebank/en-train.conllu", UPOS))
    assert (provenance["treebank"], provenance["revision"]) == ("UD_English-EWT", "r2.15")
    with pytest.raises(InputError, match="masakhane-pos: has no 'fr', and treebanks names none; it has bam, bbj"):
        fetched(entry, "pos", "fr", "test", tmp_path)
    assert left_in(tmp_path) == []


def test_dates_of_african_entities_are_kept_on_request(repositories: str, tmp_path: Path) -> None:
    entry = {
        "dataset": "masakhaner",
        "masakhane_url": f"{repositories}/ner/MasakhaNER2.0/data/{{code}}/{{split}}.txt",
        "treebanks": {"en": "UNER_English-EWT@abc"},
        "url": f"{repositories}/uner/{{treebank}}/{{revision}}/{{lang}}_{{name}}-ud-{{split}}.iob2",
    }
    sentences, _ = fetched(entry, "ner", "hau", "test", tmp_path)
    assert [one.labels for one in sentences] == [["O", "O", "O", "B-LOC"], ["B-ORG"]]
    sentences, _ = fetched(entry | {"labels": ["O", "B-DATE", "I-DATE"]}, "ner", "hau", "test", tmp_path)
    assert [one.labels for one in sentences] == [["B-DATE", "I-DATE", "O", "O"], ["O"]]
    sentences, provenance = fetched(entry, "ner", "en", "train", tmp_path)
    assert sentences == [(["The", "US"], ["O", "B-LOC"]), (["Iran"], ["O"])]
    assert provenance["url"].endswith("/UNER_English-EWT/abc/en_ewt-ud-train.iob2")
    treebanks = {"en": "UNER_English-EWT", "ar": "UNER_X-Y"}
    alone = {"dataset": "universal-ner", "treebanks": treebanks, "revision": "abc", "url": entry["url"]}
    assert fetched(alone, "ner", "en", "train", tmp_path)[0] == sentences


@pytest.mark.parametrize(
    ("module", "path"),
    [
        (masakhapos, "masakhane-pos/main/data/hau/test.txt"),
        (masakhaner, "masakhane-ner/main/MasakhaNER2.0/data/hau/test.txt"),
    ],
)
def test_the_repositories_of_masakhane_are_asked_by_default(
    module: Any, path: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked = []
    monkeypatch.setattr(module, "fetch_tagged_file", lambda _, url, *__: (asked.append(url) or [], ""))
    settings = {"revision": "main", "masakhane_url": None, "treebanks": {}}
    module.fetch(LabelledRequest("ha", "test", None, ENTITIES, tmp_path, settings))
    assert asked == [f"https://raw.githubusercontent.com/masakhane-io/{path}"]


def test_provenance_is_recorded(tmp_path: Path) -> None:
    write_provenance(tmp_path / "p.json", repository="a/b", revision="c" * 40, pairs=3)
    assert json.loads((tmp_path / "p.json").read_text()) == {"repository": "a/b", "revision": "c" * 40, "pairs": 3}
