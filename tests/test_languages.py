"""The table of languages, and what the config and the corpora take from it."""

import difflib
import re
import unicodedata
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from realign.config.reading import read_config
from realign.errors import InputError
from realign.experiment.experiment import Experiment
from realign.languages import languages
from realign.sources.corpora.ud import read_every_line
from realign.text.conll import read_pos
from study import PROJECT

# ISO 15924 codes, and how Unicode begins the names of their letters
SCRIPTS = {
    "Arab": "ARABIC", "Armn": "ARMENIAN", "Beng": "BENGALI", "Cyrl": "CYRILLIC", "Deva": "DEVANAGARI",
    "Ethi": "ETHIOPIC", "Geor": "GEORGIAN", "Grek": "GREEK", "Gujr": "GUJARATI", "Guru": "GURMUKHI", "Hang": "HANGUL",
    "Hans": "CJK", "Hebr": "HEBREW", "Jpan": "HIRAGANA", "Khmr": "KHMER", "Knda": "KANNADA", "Laoo": "LAO",
    "Latn": "LATIN", "Mlym": "MALAYALAM", "Mymr": "MYANMAR", "Sinh": "SINHALA", "Taml": "TAMIL", "Telu": "TELUGU",
    "Thai": "THAI",
}  # fmt: skip
ALIGNFREEZE = [
    "en", "af", "ar", "bg", "ca", "cs", "da", "de", "el", "es", "fa", "fi", "fr", "he", "hi", "hu", "it", "ja", "ko",
    "lt", "lv", "no", "pl", "pt", "ro", "ru", "sk", "sl", "sv", "ta", "th", "tr", "uk", "vi", "zh",
]  # fmt: skip
ENCODERS = {"e5": {"source": "lab", "layers": 3}}


def experiment(**changes: Any) -> Experiment:
    content = {
        "target_languages": ["ar", "es", "fr"],
        "seeds": [31],
        "models": ENCODERS,
        "methods": ["baseline", "before-dictionary"],
        "tasks": {"pos": {"source": "lab"}},
        "bitext": {"source": "lab"},
    }
    return Experiment(read_config(content | changes), PROJECT / "lab")


def test_the_table_of_languages_agrees_with_itself() -> None:
    rows = list(languages().values())
    assert list(languages()) == sorted(languages())
    for column in ("code", "iso3", "name", "opus", "nllb", "treebank"):
        values = [getattr(row, column) for row in rows if getattr(row, column)]
        assert len(values) == len(set(values)), column
    for row in rows:
        assert re.fullmatch("[a-z]{2}", row.code) or row.code == row.iso3, row
        assert re.fullmatch("[a-z]{3}", row.iso3) and row.name and row.family, row
        assert row.script in SCRIPTS, row
        assert not row.nllb or re.fullmatch(rf"[a-z]{{3}}_{row.script}", row.nllb), row
        assert not row.treebank or re.fullmatch(r"UD_[A-Z][a-z]+-[A-Za-z]+", row.treebank), row
    for one, other in combinations(sorted({row.family for row in rows}), 2):
        assert difflib.SequenceMatcher(None, one.lower(), other.lower()).ratio() < 0.85, "a family is spelled two ways"


def test_the_labs_languages_are_written_in_the_script_of_the_table() -> None:
    for language in ("ar", "en", "es", "fr", "ru", "zh"):
        text = (PROJECT / f"lab/bitext/test.{language}.txt").read_text(encoding="utf-8")
        letters = [unicodedata.name(char).split()[0] for char in text if char.isalpha()]
        expected = SCRIPTS[languages()[language].script]
        assert letters.count(expected) > 0.9 * len(letters), language


def test_a_language_of_the_studies_has_its_treebank_without_being_told() -> None:
    targets = ALIGNFREEZE[1:]
    tasks = {"pos": {"source": "hub", "dataset": "ud", "treebanks": {"fi": "UD_Finnish-TDT"}}}
    bitext = {"source": "hub", "dataset": "opus-100"}
    chosen = experiment(target_languages=targets, tasks=tasks, bitext=bitext, methods=["baseline"])
    params = {language: chosen.examples_params("pos", language, "test")["corpus"] for language in ALIGNFREEZE}
    assert params["ar"]["treebanks"] == {"ar": "UD_Arabic-PADT"} and params["ar"]["revision"] == "r2.7"
    assert params["zh"]["treebanks"] == {"zh": "UD_Chinese-GSD"}
    assert params["fi"]["treebanks"] == {"fi": "UD_Finnish-TDT"}
    assert len({name for one in params.values() for name in one["treebanks"].values()}) == 35


def test_the_steps_of_the_studies_pos_are_known_before_fetching() -> None:
    ud = {"source": "hub", "dataset": "ud"}
    changes = {"realignment": {"steps": "match"}, "finetuning": {"epochs": 5, "batch_size": 32}}
    chosen = experiment(tasks={"pos": ud}, **changes)
    assert 1960 <= chosen.finetuning_steps["pos"] <= 1970
    assert {recipe.steps for recipe in chosen.recipes.values()} == {1960}
    for unknown in ({"revision": "r2.6"}, {"url": "https://a.example/{treebank}-{split}"}, {"treebanks": {"en": "X"}}):
        with pytest.raises(InputError, match="training_sentences: missing; 'realignment.steps: match' needs it"):
            experiment(tasks={"pos": {**ud, **unknown}}, **changes)
    assert experiment(tasks={"pos": {**ud, "training_sentences": 64}}, **changes).finetuning_steps["pos"] == 10


def test_every_line_of_a_sentence_is_read_as_in_the_studies(tmp_path: Path) -> None:
    lines = [
        "1-2\tdu\t_\t_\t_\t_\t_\t_\t_\t_",
        "1\tde\tde\tADP\t_\t_\t0\troot\t_\t_",
        "2\tle\tle\tDET\t_\t_\t1\tdet\t_\t_",
        "2.1\tva\taller\tVERB\t_\t_\t_\t_\t_\t_",
        "3\tpain\tpain\tNOUN\t_\t_\t1\tdep\t_\t_",
    ]
    file = tmp_path / "a.conllu"
    file.write_text("# text = du pain\n" + "\n".join(lines) + "\n\n", encoding="utf-8")
    assert list(read_pos(file)) == [(["de", "le", "pain"], ["ADP", "DET", "NOUN"])]
    assert list(read_every_line(file)) == [(["du", "de", "le", "va", "pain"], ["_", "ADP", "DET", "VERB", "NOUN"])]
    ud = {"source": "hub", "dataset": "ud"}
    assert experiment(tasks={"pos": ud}).task_labels("pos")[-1] == "X"
    chosen = experiment(tasks={"pos": {**ud, "multiword_tokens": True}})
    assert chosen.task_labels("pos")[-1] == "_" and len(chosen.task_labels("pos")) == 18
