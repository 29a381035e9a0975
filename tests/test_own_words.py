"""The lab's encoder on a user's own data, and a part of the training data."""

import json

import pytest
import yaml
from tokenizers import Tokenizer

from realign.config.reading import read_config
from realign.encoders.e5 import E5File
from realign.encoders.lab import build_tokenizer
from realign.errors import InputError
from realign.experiment.experiment import Experiment
from realign.text.files import read_lines
from realign.text.parquet import read_table
from study import PROJECT, Study


@pytest.fixture(scope="module")
def study(new_study: Study, tmp_path_factory: pytest.TempPathFactory) -> Study:
    """A study with the lab's encoder, trimmed to its words, and with its first training sentences."""
    study = new_study.fresh(tmp_path_factory.mktemp("own") / "study")
    config = study.folder / "config.yaml"
    content = yaml.safe_load(config.read_text(encoding="utf-8"))
    content["models"] = {"mine": {"source": "lab", "layers": 1, "trim_to": "study"}}
    content["tasks"]["pos"]["training_sentences"] = 3
    config.write_text(yaml.safe_dump(content), encoding="utf-8")
    return study


@pytest.fixture(scope="module")
def finished(study: Study) -> Study:
    study.run("results/models/mine/manifest.json", "results/examples/pos/en/train.parquet")
    return study


def test_the_words_of_the_study_are_cut_as_by_the_whole_encoder(finished: Study, e5_file: E5File) -> None:
    trimmed = Tokenizer.from_file(str(finished.folder / "results/models/mine/tokenizer.json"))
    whole = build_tokenizer(e5_file.pieces, e5_file.scores)
    texts = [path for lang in ("de", "it") for path in finished.folder.glob(f"bitext/*.en-{lang}.txt")]
    words = [[word] for path in texts for word in path.read_text(encoding="utf-8").replace("|||", "").split()]
    cut = [encoding.tokens for encoding in trimmed.encode_batch(words, is_pretokenized=True)]
    assert cut == [encoding.tokens for encoding in whole.encode_batch(words, is_pretokenized=True)]
    kept, of_the_lab = trimmed.get_vocab(), set(read_lines(PROJECT / "lab/vocabulary.txt"))
    assert len(kept) < len(e5_file.pieces) / 2 and len(of_the_lab - kept.keys()) > 1000
    manifest = json.loads((finished.folder / "results/models/mine/manifest.json").read_text())
    assert "results/bitext/train/en-it.txt" in manifest["inputs"]


def test_only_the_first_sentences_are_trained_on(finished: Study) -> None:
    columns = read_table(finished.folder / "results/examples/pos/en/train.parquet")
    assert {len(column) for column in columns} == {3}


def test_the_encoder_is_made_again_when_the_texts_change(finished: Study) -> None:
    with finished.changed_file(finished.folder / "bitext/train.en-it.txt", "bridge", "lawyer"):
        planned = finished.planned("results/models/mine/manifest.json")
    assert "bitext/train/en-it.txt" in planned and "models/mine/manifest.json" in planned


def test_more_sentences_than_there_are_is_an_error(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(study.folder)
    settings = {"source": "files", "pattern": "pos/{lang}.{split}.conllu", "training_sentences": 1000}
    config = {
        "target_languages": ["it"],
        "seeds": [1],
        "models": {"mine": {"source": "lab"}},
        "methods": ["baseline"],
        "tasks": {"pos": settings},
        "bitext": {"source": "files", "pattern": "bitext/{split}.{source}-{lang}.txt"},
        "dictionaries": {"source": "files", "pattern": "dictionaries/{source}-{lang}.txt"},
    }
    with pytest.raises(InputError, match=r"tasks.pos.training_sentences: found 1000; pos/en.train.conllu has \d+ "):
        Experiment(read_config(config), PROJECT / "lab").training_examples("pos")
    with pytest.raises(InputError, match="models.mine.trim_to: found 'mine'; expected 'lab', 'study' or null"):
        read_config(config | {"models": {"mine": {"source": "lab", "trim_to": "mine"}}})
