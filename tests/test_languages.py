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
from realign.experiment.shared import unpinned
from realign.languages import languages, selections
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


def test_the_selections_of_a_study_are_what_their_names_say() -> None:
    assert [len(selections()[name]) for name in ("xt_afri", "xt_only", "afri_only")] == [65, 47, 21]
    assert set(selections()["xt_afri"]) == {*selections()["xt_only"], *selections()["afri_only"]}
    for name, chosen in selections().items():
        facts = [languages()[language] for language in chosen]
        assert chosen == sorted(set(chosen)) and set(chosen) <= set(selections()["xt_afri"]), name
        size = re.search(r"(?:uriel|en|family|script)_(\d+)$", name)
        assert len(chosen) == (int(size[1]) if size else 10 if name.startswith("abla_") else len(chosen)), name
        if "same_script" in name:
            assert {row.script for row in facts} == {"Latn"}, name
        if "distinct_script" in name:
            assert len({row.script for row in facts}) == len(facts), name
        if "least_family" in name:
            assert {row.family for row in facts} == {"Indo-European"}, name


TARGETS = ["ar", "de", "he", "ja", "kk", "tr", "ur", "vi"]


def chosen_by(rule: Any, targets: list[str] = TARGETS, **changes: Any) -> tuple[str, ...]:
    realigned = experiment(target_languages=targets, realignment={"languages": rule}, **changes)
    return realigned.realignment_languages(realigned.variants["before-dictionary"])


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({"family": "Turkic"}, "kk tr"),
        ({"family": ["Turkic", "Afro-Asiatic"]}, "ar he kk tr"),
        ({"script": "Arab"}, "ar ur"),
        ({"script": "Latn", "not": {"family": "Indo-European"}}, "tr vi"),
        ({"not": {"script": ["Latn", "Arab"], "languages": ["ja"]}}, "he kk"),
        ({"family": ["Turkic", "Indo-European"], "script": "Latn"}, "de tr"),
    ],
)
def test_a_rule_selects_target_languages(rule: dict[str, Any], expected: str) -> None:
    assert list(chosen_by(rule)) == expected.split()


def test_a_rule_and_the_languages_that_it_selects_make_the_same_encoder() -> None:
    methods = {
        "baseline": {},
        "by-rule": {"when": "before", "aligner": "dictionary", "languages": {"family": "Turkic"}},
        "by-name": {"when": "before", "aligner": "dictionary", "languages": ["tr", "kk"]},
        "before-dictionary": {},
    }
    chosen = experiment(target_languages=TARGETS, methods=methods)
    names = {variant: chosen.recipe_names["e5", variant, "pos"] for variant in chosen.variants if variant != "baseline"}
    assert names["by-rule"] == names["by-name"] != names["before-dictionary"]
    inherited = experiment(target_languages=TARGETS, realignment={"languages": {"family": "Turkic"}})
    assert inherited.recipe_names["e5", "before-dictionary", "pos"] == names["by-rule"]
    joint = {"baseline": {}, **{name: {**methods[name], "when": "during"} for name in ("by-rule", "by-name")}}
    during = experiment(target_languages=TARGETS, methods=joint)
    assert during.joint_inputs("by-rule") == during.joint_inputs("by-name")
    assert during.joint_params("by-rule") == during.joint_params("by-name")


def test_a_selection_of_a_study_selects_its_languages() -> None:
    targets = list(selections()["xt_afri"])
    assert list(chosen_by({"selection": "most_family_en_5"}, targets)) == ["ka", "kk", "ln", "om", "vi"]
    rule = {"selection": "most_family_en_5", "not": {"script": "Latn"}}
    assert list(chosen_by(rule, targets)) == ["ka", "kk"]


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ({"family": "turk"}, "unknown family 'turk'; the closest are Turkic"),
        ({"family": ["Turkic", "IndoEuropean"]}, "unknown family 'IndoEuropean'; the closest are Indo-European"),
        ({"script": "Latin"}, "unknown script 'Latin'; the closest are Latn"),
        ({"script": "xyz"}, "unknown script 'xyz'; expected one of Arab, Armn, "),
        ({"selection": "most_uriel_10_en"}, "unknown selection 'most_uriel_10_en'; the closest are most_uriel_"),
        ({"selection": "most_family_en_5"}, "'most_family_en_5' has ka, ln, om, which are not among target_languages"),
        ({"famly": "Turkic"}, "languages.famly: unknown key; did you mean 'family'?"),
        ({"family": []}, "at least 1 item"),
        ({}, "expected at least one of family, script, selection and not"),
        ({"family": "Mande"}, "realignment.languages: no target language fits"),
        ({"not": {"family": "turk"}}, "not.family: found 'turk'; unknown family 'turk'; the closest are Turkic"),
        ("some", "realignment.languages: found 'some'; input should be 'all' or 'each'"),
        ([], "realignment.languages: found []; expected at least one, or 'all'"),
        (["de", "xx"], "realignment.languages: ['xx'] not among target_languages"),
    ],
)
def test_a_mistake_in_a_rule_is_one_sentence(rule: Any, said: str) -> None:
    with pytest.raises(InputError) as error:
        chosen_by(rule)
    assert said in str(error.value) and "\n" not in str(error.value)
    method = {"baseline": {}, "mine": {"when": "before", "aligner": "dictionary", "languages": rule}}
    with pytest.raises(InputError, match="methods.mine.languages"):
        experiment(target_languages=TARGETS, methods=method)


def test_a_rule_asks_nothing_of_a_language_that_is_not_in_the_table() -> None:
    assert chosen_by({"not": {"languages": ["de"]}}, ["de", "xal"]) == ("xal",)
    with pytest.raises(InputError, match="languages: no script is known for xal; list the languages instead"):
        chosen_by({"script": "Cyrl"}, ["de", "xal"])


def test_bitext_of_single_languages_comes_from_another_corpus() -> None:
    opus, nllb = {"source": "hub", "dataset": "opus-100"}, {"source": "hub", "dataset": "nllb", "max_sentences": 9}
    mixed = experiment(target_languages=["ar", "ee"], bitext=opus, bitext_of={"ee": nllb})
    alone = experiment(target_languages=["ar"], bitext=opus)
    assert mixed.bitext_params("train", "ar") == alone.bitext_params("train", "ar")
    assert mixed.bitext_params("train", "ee")["limit"] == 9
    assert [mixed.bitext_modules(language)[0].rpartition(".")[2] for language in ("ar", "ee")] == ["opus100", "nllb"]
    unpinned_keys = [key for key in unpinned(mixed.config) if key.startswith("bitext")]
    assert unpinned_keys == ["bitext.revision", "bitext_of.ee.sha256.ee"]
    for changes, said in (
        ({"bitext_of": {"xx": nllb}}, r"bitext_of: \['xx'\] not among target_languages"),
        ({"bitext": {"source": "lab"}, "bitext_of": {"ar": nllb}}, "has no effect on a bitext with source 'lab'"),
        ({"bitext_of": {"ar": {"source": "lab"}}}, "bitext_of.ar"),
        ({"bitext_of": {"xal": nllb}, "target_languages": ["xal"]}, "bitext_of.xal.codes: no code for xal"),
    ):
        with pytest.raises(InputError, match=said):
            experiment(**{"target_languages": ["ar", "ee"], "bitext": opus, **changes})
