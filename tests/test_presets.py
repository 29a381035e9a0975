"""The presets of the published studies: what they hold is what the studies' code does."""

import csv
import re
from pathlib import Path

import pytest

from presets import STUDIES, experiment_of, preset
from realign.experiment.encoder_sizes import KNOWN
from realign.experiment.estimate import Assumptions, disk, dry_run, trainings
from realign.languages import selections
from study import PROJECT

SEEDS = [31, 42, 66, 23, 17]
PUBLISHED = list(csv.DictReader((PROJECT / "experiments/published/naacl2025.csv").open(encoding="utf-8")))


def test_the_steps_of_the_acl_study_are_known_before_anything_is_fetched() -> None:
    steps = experiment_of("acl2023").finetuning_steps
    assert 1960 <= steps["pos"] <= 1970
    assert steps == {"pos": 1960, "ner": 3125, "nli": 24544}
    realigned = {recipe.steps for recipe in experiment_of("acl2023").recipes.values()}
    assert realigned == {1960, 3125, 24544}, "realignment takes as many"


@pytest.mark.parametrize("name", ["acl2023", "naacl2025", "quick-gpu"])
def test_words_are_realigned_as_in_the_authors_code(name: str) -> None:
    experiment = experiment_of(name)
    for method in experiment.config.realigning:
        settings = method.realignment
        assert (settings.layers, settings.head, settings.unit) == ([-2], ["hidden", 128], "word")
        assert (settings.coefficient, settings.batch_size, settings.max_length) == (0.1, 16, 96)
        assert (settings.learning_rate, settings.max_gradient_norm, settings.steps) == (2e-5, None, "match")
        assert settings.loss_settings() == {"temperature": 0.1, "strength": "strong"}
    finetuning = experiment.config.finetuning
    assert (finetuning.learning_rate, finetuning.warmup, finetuning.max_length) == (2e-5, 0.1, 96)
    assert (finetuning.max_gradient_norm, finetuning.weight_decay) == (None, 0.0)
    assert {experiment.config.batch_size_of(task) for task in experiment.tasks if task != "qa"} == {32}
    rates = {model.name: model.learning_rate for model in experiment.config.models.values()}
    assert {rate for name, rate in rates.items() if "xlm-roberta" in name} <= {7.5e-6}
    assert {rate for name, rate in rates.items() if "xlm-roberta" not in name} == {None}


def test_the_acl_study_realigns_for_inference_by_dictionary_alone() -> None:
    experiment = experiment_of("acl2023")
    methods = {
        task: {variant for _, variant, one in experiment.finetunings() if one == task} for task in experiment.tasks
    }
    assert methods["nli"] == {"baseline", "before-dictionary", "during-dictionary"}
    assert methods["pos"] == methods["ner"] == set(experiment.config.methods) and len(methods["pos"]) == 7
    assert {variant for model, variant, _ in experiment.finetunings() if model == "xlmr-large"} == {"baseline"}
    assert experiment.seeds == SEEDS
    aligned_by = experiment.config.encoders["awesome-encoder"]
    assert aligned_by.name == "aneuraz/awesome-align-with-co", "not the pretrained mBERT"


def test_the_acl_study_correlates_baselines_of_five_epochs() -> None:
    config = experiment_of("acl2023-correlation").config
    assert list(config.methods) == ["baseline"] and len(config.models) == 4 and config.seeds == SEEDS
    assert {config.epochs_of(task) for task in ("pos", "ner", "nli")} == {5}
    assert [config.max_length_of(task) for task in ("pos", "ner", "nli")] == [128, 128, 256]
    assert (config.measurement.aligner, config.measurement.max_word_pairs) == ("dictionary", 1000)
    assert config.measurement.split == "test", "held out, on purpose"


def test_alignfreeze_has_every_published_score_and_no_other() -> None:
    experiment = experiment_of("naacl2025")
    own = {
        (experiment.config.models[model].name, task, variant, language)
        for model, variant, task in experiment.finetunings()
        for language in experiment.scored_languages(experiment.variants[variant], task)
    }
    names = experiment.published_names()
    assert all(names["methods"][variant] == variant for _, _, variant, _ in own)
    published = {(row["model"], row["task"], row["method"], row["language"]) for row in PUBLISHED}
    assert own == published
    assert {len(recipe.languages) for recipe in experiment.recipes.values()} == {34}, "whatever a task is scored on"
    assert experiment.seeds == SEEDS


def test_alignfreeze_takes_about_as_many_steps_as_were_published() -> None:
    own = experiment_of("naacl2025").finetuning_steps
    published = {
        row["task"]: int(row["finetuning_steps"]) for row in PUBLISHED if "bert-base-multilingual" in row["model"]
    }
    assert own.keys() == published.keys() and own["nli"] == published["nli"] == 24544
    for task, steps in own.items():
        assert steps == pytest.approx(published[task], rel=0.03)


def test_sentences_are_realigned_on_the_selections_of_the_study() -> None:
    experiment = experiment_of("aacl2025")
    config, known = experiment.config, selections()
    for name, method in config.all_methods.items():
        if name in ("baseline", "before-fastalign"):
            continue
        assert method.realignment.unit == "sentence" and method.when == "before" and method.aligner is None
        assert config.languages_of(method) == sorted(known[name])
        assert (method.realignment.layers, method.realignment.head) == ([-2], ["hidden", 128])
    assert sorted(known["xt_afri"]) == experiment.targets and len(experiment.targets) == 65
    assert {recipe.steps for recipe in experiment.recipes.values()} == {24544}
    assert len(experiment.recipes) == 2 * (len(config.methods) - 1), "the four tasks share them"
    assert [len(config.targets_of(task)) for task in ("pos", "ner", "nli", "qa")] == [37, 46, 14, 10]
    assert experiment.finetuning_steps["pos"] == 3405 and experiment.finetuning_steps["nli"] == 24544
    mined = {language for language in experiment.targets if config.bitext_entry(language)[1].dataset == "nllb"}
    assert len(mined) == 27 and not mined & {"ar", "de", "zh"} and {"sw", "yo", "my"} <= mined


def test_the_quick_preset_is_the_acl_study_for_one_model_and_task() -> None:
    quick, whole = preset("quick-gpu"), preset("acl2023")
    for key in ("realignment", "finetuning"):
        for name, value in quick[key].items():
            expected = whole[key].get(name)
            assert value == (expected["pos"] if isinstance(expected, dict) else expected), (key, name)
    assert quick["tasks"]["pos"] == whole["tasks"]["pos"]
    assert quick["models"]["distilmbert"] == whole["models"]["distilmbert"]
    assert quick["target_languages"] == whole["target_languages"] and quick["published"] == "acl2023"


def table() -> dict[str, list[str]]:
    """The table of costs in docs/studies.md: the cells of each preset's row."""
    text = (PROJECT / "docs/studies.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([\w-]+)\.yaml` \| (.+) \|$", text, flags=re.MULTILINE)
    return {name: [cell.strip() for cell in cells.split("|")] for name, cells in rows}


@pytest.mark.parametrize("name", STUDIES)
def test_what_a_preset_takes_is_documented(name: str) -> None:
    _, trained, steps, hours, weights, bitext = table()[name]
    experiment = experiment_of(name)
    shapes = {key: KNOWN[model.name] for key, model in experiment.config.encoders.items()}
    found = list(trainings(experiment))
    assert trained == f"{sum(one.count for one in found):,}"
    assert steps == f"{sum(one.count * one.steps for one in found):,}"
    training_hours = sum(one.hours(shapes[one.model], Assumptions()) for one in found)
    assert float(hours) > training_hours, "the hours have scoring and measuring too"
    sizes = {line.split("  ")[0]: float(re.findall(r"([\d.]+) GB", line)[0]) for line in disk(experiment, shapes)}
    kept = [sizes[f"{kind} weights"] for kind in experiment.config.storage.keep]
    assert float(weights) == pytest.approx(sizes["pretrained encoders"] + sum(kept), abs=0.05)
    assert float(bitext) == sizes["bitext"]


def test_the_dry_run_of_a_study_lists_what_is_documented(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    counts = dry_run(PROJECT / "experiments/acl2023.yaml")
    documented = int(table()["acl2023"][0].replace(",", ""))
    assert documented == pytest.approx(sum(counts.values()), rel=0.03), "the rules of the summaries come and go"
    assert {rule: counts[rule] for rule in ("realign", "finetune", "finetune_jointly")} == {
        "realign": 105, "finetune": 165, "finetune_jointly": 105
    }  # fmt: skip
    assert list(tmp_path.iterdir()) in ([], [tmp_path / ".snakemake"])
