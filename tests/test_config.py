"""The configuration: what is refused and in which words, and the reference made from its models."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from realign.aligners.registry import ALIGNERS
from realign.config.reading import read_config
from realign.config.reference import reference
from realign.errors import InputError
from realign.experiment.experiment import Experiment
from realign.jobs.digest import LIBRARY, code_digest, reached
from realign.jobs.locks import claim_folder

FILES = {"source": "files", "pattern": "{lang}.{split}"}
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
        ({"methods": ["baseline", "before-giza"]}, "names an unknown aligner; expected one of fastalign, dictionary"),
        ({"realignment": {"steps": "many"}}, "realignment.steps: found 'many'; expected a number of steps"),
        ({"methods": ["baseline", "during"]}, "'during' is neither 'baseline' nor 'before-<aligner>'"),
        ({"methods": ["baseline", "after-dictionary"]}, "nor 'before-<aligner>' nor 'during-<aligner>'"),
        ({"methods": ["baseline", "during-giza"]}, "names an unknown aligner; expected one of fastalign"),
        ({"methods": ["before-dictionary"]}, "methods: 'baseline' is missing"),
        ({"target_languages": ["ar", "en"]}, "target_languages: 'en' is the source language"),
        ({"target_languages": ["ar", "ar"]}, "target_languages: found ['ar', 'ar']; a value appears twice"),
        ({"target_languages": ["../up"]}, "target_languages.0: found '../up'"),
        ({"models": {"../up": {"source": "lab"}}}, "models.../up: found '../up'"),
        ({"models": {"e5": {"source": "lab"}, "E5": {"source": "lab"}}}, "models: 'e5' and 'E5' differ only in case"),
        ({"models": {"all": {"source": "lab"}}}, "models: the tables use the name 'all' for all models together"),
        ({"models": {"deep": {"source": "lab", "layers": 13}}}, "models.deep.layers: found 13"),
        ({"models": {"mine": {"source": "files"}}}, "models.mine.path: missing; the directory"),
        ({"realignment": {"languages": ["fi"]}}, "realignment.languages: ['fi'] not among target_languages"),
        (
            {"tasks": {"pos": {"source": "lab", "languages": ["ar", "fi"]}}},
            "tasks.pos.languages: ['fi'] not among target_languages",
        ),
        ({"tasks": {"pos": {"source": "lab", "languages": []}}}, "tasks.pos.languages: found []"),
        ({"realignment": {"languages": []}}, "realignment.languages: found []; expected at least one, or 'all'"),
        (
            {"realignment": {"languages": ["ar", "ar"]}},
            "realignment.languages: found ['ar', 'ar']; a value appears twice",
        ),
        ({"realignment": {"layers": [4]}}, "realignment.layers: [4] are not among the 3 layers of 'e5-3'"),
        ({"realignment": {"layers": [-8, -1]}}, "realignment.layers: [-8] are not among the 3 layers of 'e5-3'"),
        ({"figures": {"palette": "jet"}}, "figures.palette: found 'jet'; input should be 'okabe_ito', 'Pastel1'"),
        (
            {"dictionaries": {"source": "hub", "url": "{language}"}},
            "dictionaries.url: found '{language}'; expected no fields except {source}, {lang}",
        ),
        (
            {"tasks": {"pos": {"source": "hub", "dataset": "ud", "url": "{task}"}}},
            "tasks.pos.url: found '{task}'; expected no fields except {treebank}, {release}, {lang}, {name}, {split",
        ),
        ({"measurement": {"aligner": "giza"}}, "measurement.aligner: unknown aligner 'giza'"),
        ({"bitext": {"source": "files", "source_side": "{split}"}}, "expected either 'pattern', or both"),
        (
            {"tasks": {"pos": {"source": "hub", "dataset": "wikiann"}}},
            "tasks.pos.dataset: found 'wikiann'; expected",
        ),
        (
            {"tasks": {"pos": {"source": "hub", "dataset": "ud"}}, "target_languages": ["ar", "bn", "xal"]},
            "tasks.pos.treebanks: no treebank for bn, xal",
        ),
        (
            {"tasks": {"pos": {"source": "hub", "dataset": "xtreme-r"}}, "realignment": {"steps": "match"}},
            "tasks.pos.training_sentences: missing; 'realignment.steps: match' needs it",
        ),
        ({"tasks": {"pos": {"source": "lab", "methods": ["baseline", "x"]}}}, "tasks.pos.methods: ['x'] not among"),
        ({"tasks": {"pos": {"source": "lab", "methods": []}}}, "tasks.pos.methods: 'baseline' is missing"),
        ({"models": {"x": {"source": "hub", "name": "xlm-roberta-base"}}}, "models.x.name: found 'xlm-roberta-base'"),
        ({"models": {"x": {"source": "hub", "name": "a/b", "revision": "../up"}}}, "revision: found '../up'"),
        ({"models": {"x": {"source": "lab", "methods": ["baseline", "during-dictionary"]}}}, "not among methods"),
        ({"models": {"x": {"source": "lab", "methods": ["before-dictionary"]}}}, "x.methods: 'baseline' is missing"),
        ({"finetuning": {"epochs": {"ner": 2}}}, "finetuning.epochs: no number for ['pos']"),
        ({"finetuning": {"batch_size": {"ner": 2}}}, "finetuning.batch_size: no number for ['pos']"),
        ({"methods": ["baseline", "before-awesome"]}, "aligners.awesome.model: found None; expected one of models"),
    ],
)
def test_a_mistake_is_reported_in_one_sentence(content: dict[str, Any], change: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError) as error:
        read_config(content | change)
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_a_missing_key_is_named_with_its_meaning(content: dict[str, Any]) -> None:
    del content["seeds"]
    with pytest.raises(InputError, match="seeds: missing; one training run each"):
        read_config(content)


def methods(content: dict[str, Any], entries: object, **changes: Any) -> Experiment:
    return Experiment(read_config(content | {"methods": entries} | changes), PROJECT / "lab")


def test_a_name_of_the_form_when_aligner_means_what_it_says(content: dict[str, Any]) -> None:
    chosen = methods(content, ["baseline", "before-fastalign", "during-dictionary"]).config.all_methods
    assert (chosen["baseline"].when, chosen["baseline"].aligner) == (None, None)
    assert (chosen["before-fastalign"].when, chosen["before-fastalign"].aligner) == ("before", "fastalign")
    assert (chosen["during-dictionary"].when, chosen["during-dictionary"].aligner) == ("during", "dictionary")


def test_a_method_takes_what_it_leaves_out_from_realignment(content: dict[str, Any]) -> None:
    entries = {
        "baseline": {},
        "before-dictionary": None,
        "cold": {"when": "before", "aligner": "dictionary", "temperature": 0.05, "label": "τ = 0.05"},
    }
    experiment = methods(content, entries, realignment={"steps": 7, "temperature": 0.2})
    plain, cold = (experiment.config.all_methods[name].realignment for name in ("before-dictionary", "cold"))
    assert (plain.steps, plain.loss_settings()["temperature"]) == (7, 0.2)
    assert (cold.steps, cold.loss_settings()["temperature"]) == (7, 0.05)
    assert experiment.labels == {"baseline": "baseline", "before-dictionary": "dictionary, before", "cold": "τ = 0.05"}


def test_a_task_is_scored_on_its_own_languages_and_realigned_on_all(content: dict[str, Any]) -> None:
    both = {"pos": {"source": "lab"}, "ner": {"source": "lab", "languages": ["zh", "ar"]}}
    entries: dict[str, Any] = {"baseline": {}, "before-dictionary": {}}
    entries["bilingual"] = {"when": "before", "aligner": "dictionary", "languages": "each"}
    few = methods(content, entries, tasks=both, finetuning={"epochs": 1})
    model = min(few.config.models)
    scored: dict[str, list[str]] = {}
    for path in few.all_scores():
        scored.setdefault(path.split("seed")[0], []).append(Path(path).stem)
    assert set(scored[f"results/scores/{model}/before-dictionary/ner/"]) == {"en", "ar", "zh"}
    assert set(scored[f"results/scores/{model}/before-dictionary/pos/"]) == {"en", "ar", "es", "fr", "ru", "zh"}
    assert set(scored[f"results/scores/{model}/bilingual@zh/ner/"]) == {"en", "zh"}
    assert f"results/scores/{model}/bilingual@fr/ner/" not in scored
    assert (model, "bilingual@fr", "ner") not in few.finetunings()
    recipes = {few.recipe_names[model, "before-dictionary", task] for task in ("pos", "ner")}
    assert len(recipes) == 1, "both tasks start from the encoder realigned on all languages"
    needed = {(key, language) for key, language, _ in few.locate.needed()}
    assert ("tasks.ner", "zh") in needed and ("tasks.ner", "fr") not in needed


def test_a_task_has_the_methods_and_the_batches_that_it_asks_for(content: dict[str, Any]) -> None:
    both = {"pos": {"source": "lab"}, "ner": {"source": "lab", "methods": ["baseline", "before-dictionary"]}}
    batches = {"batch_size": {"pos": 32, "ner": 8}, "epochs": 1}
    names = ["baseline", "before-dictionary", "before-fastalign", "during-dictionary"]
    chosen = methods(content, names, tasks=both, finetuning=batches, realignment={"steps": "match"})
    model = min(chosen.config.models)
    used: dict[str, set[str]] = {}
    for _, variant, task in chosen.finetunings():
        used.setdefault(task, set()).add(variant)
    assert used == {"pos": set(names), "ner": {"baseline", "before-dictionary"}}
    assert {variant for _, variant, task in chosen.recipe_names if task == "ner"} == {"before-dictionary"}
    examples = chosen.training_examples("ner")
    assert chosen.finetuning_steps == {"pos": -(-examples // 32), "ner": -(-examples // 8)}
    assert [chosen.finetune_params(model, task)["batch_size"] for task in ("ner", "pos")] == [8, 32]
    assert chosen.recipe_names[model, "before-dictionary", "ner"].startswith(f"dictionary-{-(-examples // 8)}-")
    one = {**both, "ner": {"source": "lab"}}
    everything = methods(content, names, tasks=one, finetuning=batches, realignment={"steps": "match"})
    for params in ("examples_params", "score_params"):
        args = {"examples_params": ("ner", "ar", "test"), "score_params": ("baseline", "ner")}[params]
        assert getattr(chosen, params)(*args) == getattr(everything, params)(*args), "no result depends on the choice"


def test_methods_with_the_same_settings_share_their_recipe(content: dict[str, Any]) -> None:
    same = {"when": "before", "aligner": "dictionary"}
    entries = {"baseline": {}, "a": same, "before-dictionary": {"temperature": 0.1}, "b": {**same, "temperature": 0.2}}
    names = methods(content, entries).recipe_names
    assert names["e5-3", "a", "pos"] == names["e5-3", "before-dictionary", "pos"] != names["e5-3", "b", "pos"]
    assert names["e5-3", "a", "pos"].startswith("dictionary-30-")
    # an explicit default is no other setting, and a rate of the model's counts as one
    slow = {"e5-3": {"source": "lab", "layers": 3, "learning_rate": 1e-5}}
    own = methods(
        content, entries | {"c": {**same, "learning_rate": 1e-5}, "d": {**same, "learning_rate": 2e-5}}, models=slow
    )
    assert own.recipe_names["e5-3", "a", "pos"] == own.recipe_names["e5-3", "c", "pos"]
    assert own.recipe_names["e5-3", "a", "pos"] != own.recipe_names["e5-3", "d", "pos"]


def test_each_language_has_an_encoder_and_is_scored_with_its_own(content: dict[str, Any]) -> None:
    same = {"when": "before", "aligner": "dictionary"}
    entries = {"baseline": {}, "own": {**same, "languages": "each"}, "arabic": {**same, "languages": ["ar"]}}
    experiment = methods(content, entries, target_languages=["ar", "es"], seeds=[1])
    assert list(experiment.variants) == ["baseline", "own@ar", "own@es", "arabic"]
    names = experiment.recipe_names
    assert names["e5-3", "own@ar", "pos"] == names["e5-3", "arabic", "pos"] != names["e5-3", "own@es", "pos"]
    inputs = experiment.realign_inputs("e5-3", names["e5-3", "own@es", "pos"])
    assert inputs["links"] == ["results/links/dictionary/train/en-es.txt"]
    scored = [path for path in experiment.all_scores() if "/e5-3/own@es/" in path]
    assert scored == [f"results/scores/e5-3/own@es/pos/seed1/{lang}.json" for lang in ("en", "es")]


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"when": "before"}, "methods: 'mine' is neither 'baseline' nor 'before-<aligner>'"),
        (
            {"when": "after", "aligner": "dictionary"},
            "methods.mine.when: found 'after'; expected one of before, during",
        ),
        ({"when": "before", "aligner": "giza"}, "methods.mine.aligner: found 'giza'; expected one of fastalign"),
        (
            {"when": "before", "aligner": "dictionary", "stepz": 3},
            "methods.mine.stepz: unknown key; did you mean 'steps'",
        ),
        ({"when": "before", "aligner": "dictionary", "steps": 0}, "methods.mine.steps: found 0; expected a number of"),
        ({"when": "before", "aligner": "dictionary", "layers": [9]}, "methods.mine.layers: [9] are not among the 3 l"),
        ({"when": "before", "aligner": "dictionary", "languages": ["fi"]}, "methods.mine.languages: ['fi'] not among"),
        ({"when": "before", "aligner": "dictionary", "loss": "l3"}, "methods.mine.loss: found 'l3'; expected one of"),
        ({"when": "before", "aligner": "dictionary", "loss": ["a"]}, "methods.mine.loss: found ['a']"),
        (
            {"when": "before", "aligner": "dictionary", "coefficient": 2},
            "methods.mine.coefficient: has no effect before",
        ),
        (
            {"when": "during", "aligner": "dictionary", "steps": 2},
            "methods.mine.steps: has no effect during fine-tuning",
        ),
        (
            {"when": "before", "aligner": "dictionary", "label": "_x"},
            "methods.mine.label: found '_x'; expected some text",
        ),
        ({"when": "before", "aligner": "dictionary", "label": ""}, "methods.mine.label: found ''; expected some text"),
    ],
)
def test_a_mistake_in_a_method_is_one_sentence(content: dict[str, Any], entry: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError) as error:
        methods(content, {"baseline": {}, "mine": entry})
    assert said in str(error.value) and "\n" not in str(error.value)


def test_the_baseline_has_no_settings_and_a_name_contradicts_none(content: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="methods.baseline.steps: the baseline has no settings"):
        methods(content, {"baseline": {"steps": 3}})
    with pytest.raises(InputError, match="methods.before-dictionary.aligner: found 'fastalign', but the method's name"):
        methods(content, {"baseline": {}, "before-dictionary": {"aligner": "fastalign"}})


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"tasks": {"pos": {**FILES, "labels": ["A"]}}}, "tasks.pos.labels: unknown key"),
        (
            {"tasks": {"pos": {"source": "hub", "dataset": "xtreme", "treebanks": {"en": "UD_English-EWT"}}}},
            "tasks.pos.treebanks: unknown key",
        ),
        ({"tasks": {"nli": {"source": "lab"}}}, "tasks.nli.source: found 'lab'; expected one of 'files', 'hub'"),
        ({"tasks": {"chunks": {"source": "lab"}}}, "tasks.chunks: unknown key"),
        ({"tasks": {}}, "tasks: found none; expected at least one of pos"),
        ({"seeds": [True]}, "seeds.0: found True"),
        ({"realignment": {"temperature": float("inf")}}, "realignment.temperature: found inf"),
        ({"realignment": {"learning_rate": float("nan")}}, "realignment.learning_rate: found nan"),
        (
            {"measurement": {"measures": ["weak", "rsa"]}},
            "measurement.measures: unknown measure 'rsa'; the",
        ),
        ({"finetuning": {"epochs": {"pos": 1, "chunks": 1}}}, "finetuning.epochs: unknown tasks ['chunks']"),
        (
            {"tasks": {"pos": {**FILES, "pattern": "{lang}.conllu"}}},
            "tasks.pos.pattern: found '{lang}.conllu'; expected {split}",
        ),
        ({"tasks": {"pos": {**FILES, "pattern": "{split}"}}}, "tasks.pos.pattern: found '{split}'; expected {lang}"),
        (
            {"bitext": {"source": "files", "pattern": "{split}"}},
            "bitext.pattern: found '{split}'; expected {lang}, because",
        ),
        ({"bitext": {"source": "files", "pattern": ""}}, "bitext.pattern: found ''; expected a path"),
        (
            {"tasks": {"ner": {**FILES, "labels": ["O", "O"]}}},
            "tasks.ner.labels: found ['O', 'O']; a value appears twice",
        ),
        ({"tasks": {"ner": {**FILES, "labels": ["O", ""]}}}, "tasks.ner.labels.1: found ''"),
        ({"methods": ["baseline", {"x": {}}]}, "methods: found ['baseline', {'x': {}}]; expected names of methods"),
        ({"methods": ["baseline", 3]}, "methods: found ['baseline', 3]; expected names of methods"),
        ({"methods": []}, "methods: found []; expected names of methods"),
        (
            {"methods": {"baseline": {}, "all": {"when": "before", "aligner": "dictionary"}}},
            "the tables use the name 'all'",
        ),
        (
            {"methods": {"baseline": {}, "before-dictionary": {"label": "baseline"}}},
            "methods: two have the label 'baseline'",
        ),
        ({"realignment": None}, "realignment: found None"),
        ({"realignment": {"layers": [True]}}, "realignment.layers.0: found True"),
        ({"aligners": {"dictionary": {"source": "lab"}}}, "aligners.dictionary.source: renamed to 'dictionaries' in"),
    ],
)
def test_a_key_that_would_be_ignored_is_refused(content: dict[str, Any], change: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError) as error:
        read_config(content | change)
    assert said in str(error.value)


def test_names_of_models_are_escaped_where_they_become_patterns(content: dict[str, Any]) -> None:
    models = {name: {"source": "lab", "layers": 3} for name in ("xlmr.base", "xlmr-base")}
    constraint = methods(content, ["baseline"], models=models).constraints()["model"]
    assert re.fullmatch(constraint, "xlmr.base") and not re.fullmatch(constraint, "xlmrxbase")


def test_the_reference_is_made_from_the_models() -> None:
    assert (PROJECT / "docs" / "config.md").read_text(encoding="utf-8") == reference()


def test_every_shipped_config_is_valid() -> None:
    for path in [PROJECT / "config.yaml", *(PROJECT / "experiments").glob("*.yaml")]:
        read_config(yaml.safe_load(path.read_text(encoding="utf-8")), str(path))


def test_a_digest_follows_imports_and_ignores_what_does_not_run() -> None:
    scripts = PROJECT / "workflow" / "scripts"
    digests = {path.name: code_digest(path) for path in scripts.glob("*.py")}
    assert len(set(digests.values())) == len(digests)
    files = {path.name for path in reached(scripts / "realign.py")}
    assert {"objective.py", "loop.py", "words.py", "pharaoh.py", "checkpoint.py"} <= files
    assert not files & {"finetuning.py", "figures.py", "conll.py", "whole.py", "fast_align.py", "job.py", "registry.py"}


def test_a_digest_follows_the_programs_that_a_stage_runs() -> None:
    row = next(row for row in ALIGNERS if row.programs)
    assert {"fast_align.py", "atools.py"} <= {
        path.name for path in reached(PROJECT / "workflow/scripts/align.py", row.module)
    }


def test_no_stage_runs_again_for_a_reworded_config_key_or_a_new_row() -> None:
    for script in (PROJECT / "workflow/scripts").glob("*.py"):
        files = {str(path.relative_to(LIBRARY)) for path in reached(script) if path.is_relative_to(LIBRARY)}
        known = [name for name in files if name.startswith(("config/", "experiment/", "jobs/")) or "registry" in name]
        assert known == [], script.name


def test_one_run_at_a_time_holds_a_folder(tmp_path: Path) -> None:
    claim_folder(tmp_path / "lock")
    with pytest.raises(InputError, match="another run is at work in this folder"):
        claim_folder(tmp_path / "lock")
