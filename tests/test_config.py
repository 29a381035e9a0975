"""The configuration: what is refused and in which words, and the reference made from its models."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from realign.config import parse_method, read_config, reference
from realign.digest import _reached, code_digest
from realign.errors import InputError
from realign.running import claim_folder

PROJECT = Path(__file__).parents[1]


@pytest.fixture
def content() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((PROJECT / "config.yaml").read_text(encoding="utf-8"))
    return loaded


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"sedes": [1]}, "config: sedes: unknown key; did you mean 'seeds'?"),
        ({"realignment": {"stepz": 3}}, "realignment.stepz: unknown key; did you mean 'steps'?"),
        ({"realignment": {"steps": 0}}, "realignment.steps: found 0; expected a number of steps from 1, or 'match'"),
        ({"finetuning": {"warmup": 2}}, "finetuning.warmup: found 2; input should be less than or equal to 1"),
        ({"methods": ["baseline", "before-giza"]}, "names an unknown aligner; the aligners are fastalign, dictionary"),
        ({"realignment": {"steps": "many"}}, "realignment.steps: found 'many'; expected a number of steps"),
        ({"methods": ["baseline", "during"]}, "'during' is neither 'baseline' nor 'before-<aligner>'"),
        ({"methods": ["baseline", "after-dictionary"]}, "nor 'before-<aligner>' nor 'during-<aligner>'"),
        ({"methods": ["baseline", "during-giza"]}, "names an unknown aligner; the aligners are fastalign"),
        ({"methods": ["before-dictionary"]}, "methods: 'baseline' is missing"),
        ({"target_languages": ["ar", "en"]}, "target_languages: 'en' is the source language"),
        ({"target_languages": ["ar", "ar"]}, "target_languages: a value stands twice"),
        ({"target_languages": ["../up"]}, "target_languages.0: found '../up'"),
        ({"models": {"../up": {"source": "lab"}}}, "models.../up: found '../up'"),
        ({"models": {"deep": {"source": "lab", "layers": 13}}}, "models.deep.layers: found 13"),
        ({"models": {"mine": {"source": "files"}}}, "models.mine.path: missing; the directory"),
        ({"realignment": {"languages": ["fi"]}}, "realignment.languages: ['fi'] not among target_languages"),
        ({"realignment": {"languages": []}}, "realignment.languages: found []; expected at least one, or 'all'"),
        ({"realignment": {"languages": ["ar", "ar"]}}, "realignment.languages: a value stands twice in ['ar', 'ar']"),
        ({"realignment": {"layers": [4]}}, "realignment.layers: [4] are not among the 3 of 'e5-3'"),
        ({"realignment": {"layers": [-8, -1]}}, "realignment.layers: [-8] are not among the 3 of 'e5-3'"),
        ({"figures": {"palette": "jet"}}, "figures.palette: found 'jet'; input should be 'Pastel1', 'Pastel2'"),
        (
            {"aligners": {"dictionary": {"source": "hub", "url": "{language}"}}},
            "aligners.dictionary.url: found '{language}'; expected no other fields than {source}, {lang}",
        ),
        (
            {"tasks": {"pos": {"source": "hub", "dataset": "ud", "url": "{task}"}}},
            "tasks.pos.url: found '{task}'; expected no other fields than {treebank}, {release}, {lang}, {name}, {sp",
        ),
        ({"measurement": {"aligner": "giza"}}, "measurement.aligner: unknown aligner 'giza'"),
        ({"bitext": {"source": "files", "source_side": "x"}}, "expected either 'pattern', or both"),
        ({"tasks": {"pos": {"source": "hub", "dataset": "wikiann"}}}, "tasks.pos.dataset: 'wikiann' has no pos"),
        ({"tasks": {"pos": {"source": "hub", "dataset": "ud"}}}, "tasks.pos.treebanks: no treebank for ar, en, es"),
        (
            {"tasks": {"pos": {"source": "hub", "dataset": "xtreme"}}, "realignment": {"steps": "match"}},
            "tasks.pos.training_sentences: missing; 'realignment.steps: match' needs it",
        ),
        ({"models": {"x": {"source": "hub", "name": "xlm-roberta-base"}}}, "models.x.name: found 'xlm-roberta-base'"),
        ({"models": {"x": {"source": "hub", "name": "a/b", "revision": "../up"}}}, "revision: found '../up'"),
        ({"models": {"x": {"source": "lab", "methods": ["baseline", "during-dictionary"]}}}, "not among methods"),
        ({"models": {"x": {"source": "lab", "methods": ["before-dictionary"]}}}, "x.methods: 'baseline' is missing"),
        ({"finetuning": {"epochs": {"ner": 2}}}, "finetuning.epochs: no number for ['pos']"),
        ({"methods": ["baseline", "before-awesome"]}, "aligners.awesome.model: found None; expected one of models"),
    ],
)
def test_a_mistake_is_told_in_one_sentence(content: dict[str, Any], change: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError) as error:
        read_config(content | change)
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_a_missing_key_is_named_with_its_meaning(content: dict[str, Any]) -> None:
    del content["seeds"]
    with pytest.raises(InputError, match="seeds: missing; one training run each"):
        read_config(content)


def test_a_method_is_parsed_once() -> None:
    assert parse_method("baseline").aligner is None
    before, during = parse_method("before-fastalign"), parse_method("during-dictionary")
    assert (before.when, before.aligner) == ("before", "fastalign")
    assert (during.when, during.aligner) == ("during", "dictionary")


def test_the_reference_is_made_from_the_models() -> None:
    assert (PROJECT / "docs" / "config.md").read_text(encoding="utf-8") == reference()


def test_every_shipped_config_is_valid() -> None:
    for path in [PROJECT / "config.yaml", *(PROJECT / "experiments").glob("*.yaml")]:
        read_config(yaml.safe_load(path.read_text(encoding="utf-8")), str(path))


def test_a_digest_follows_imports_and_ignores_what_does_not_run() -> None:
    scripts = PROJECT / "workflow" / "scripts"
    digests = {path.name: code_digest(path) for path in scripts.glob("*.py")}
    assert len(set(digests.values())) == len(digests)
    reached = {path.name for path in _reached(scripts / "realign.py")}
    assert {"realignment.py", "training.py", "words.py", "pharaoh.py", "checkpoint.py"} <= reached
    assert not reached & {"finetuning.py", "figures.py", "conll.py", "config.py", "fast_align.py"}


def test_a_digest_follows_the_programs_that_a_stage_runs() -> None:
    reached = {path.name for path in _reached(PROJECT / "workflow/scripts/align_fastalign.py")}
    assert {"fast_align.py", "atools.py"} <= reached


@pytest.mark.parametrize("kind", ["fetch", "prepare", "align", "tokenise"])
def test_no_stage_that_brings_data_runs_again_for_a_reworded_config_key(kind: str) -> None:
    scripts = list((PROJECT / "workflow/scripts").glob(f"{kind}_*.py"))
    assert scripts
    assert [path.name for path in scripts if "config.py" in {file.name for file in _reached(path)}] == []


def test_one_run_at_a_time_holds_a_folder(tmp_path: Path) -> None:
    claim_folder(tmp_path / "lock")
    with pytest.raises(InputError, match="another run is at work in this folder"):
        claim_folder(tmp_path / "lock")
