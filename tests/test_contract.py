"""What may run again after a change, and nothing more: each test is a row of the invalidation contract."""

import json
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

import realign
from realign.encoders.checkpoint import Manifest, read_manifest
from realign.text.bitext import read_bitext
from study import STUDY, Study, recipe

SUMMARIES = {
    "scores.csv",
    "correlations.csv",
    "predictors.csv",
    "realignment.csv",
    "claims.csv",
    "alignment_change.csv",
    "mixed_effects.csv",
    "tables/correlations.csv",
    "figures/transfer.svg",
    "figures/predictors.svg",
    "figures/timeline.svg",
    "report.html",
    "explore.html",
}
BASELINE = {"pos": "finetuned/mine/baseline/pos/seed31", "ner": "finetuned/mine/baseline/ner/seed31"}

RECIPE = recipe()
WARMER = recipe(realignment={"temperature": 0.2})
REALIGNED = f"realigned/mine/{RECIPE}/seed31/manifest.json"


def scores(method: str, *languages: str, seed: int = 31, tasks: tuple[str, ...] = ("pos", "ner")) -> set[str]:
    return {f"scores/mine/{method}/{task}/seed{seed}/{lang}.json" for task in tasks for lang in languages}


def finetuned(method: str, seed: int = 31, tasks: tuple[str, ...] = ("pos", "ner")) -> set[str]:
    return {f"finetuned/mine/{method}/{task}/seed{seed}/manifest.json" for task in tasks}


def below_realigned(*languages: str, recipe: str = RECIPE) -> set[str]:
    """What depends on the realigned checkpoint."""
    measured = {f"alignment/mine/{recipe}/seed31/{lang}.json" for lang in languages}
    return finetuned("before-dictionary") | scores("before-dictionary", "en", *languages) | measured | SUMMARIES


def test_nothing_changed_runs_nothing(finished_study: Study) -> None:
    assert finished_study.planned() == set()


def test_lost_benchmarks_run_nothing(finished_study: Study) -> None:
    benchmarks, aside = (finished_study.folder / name for name in ("results/benchmarks", "benchmarks"))
    benchmarks.rename(aside)
    try:
        assert finished_study.planned() == set()
    finally:
        aside.rename(benchmarks)


def test_a_new_language_runs_its_branch_and_joint_realignments(finished_study: Study) -> None:
    own = {f"bitext/{split}/en-nl.txt" for split in ("train", "test")}
    own |= {f"links/dictionary/{split}/en-nl.txt" for split in ("train", "test")}
    own |= {f"examples/{task}/nl/test.parquet" for task in ("pos", "ner")} | {"alignment/mine/pretrained/nl.json"}
    with finished_study.changed_config(target_languages=["de", "it", "nl"]):
        planned = finished_study.planned()
    with_it = recipe(target_languages=["de", "it", "nl"])
    below = {f"realigned/mine/{with_it}/seed31/manifest.json"} | below_realigned("de", "it", "nl", recipe=with_it)
    expected = own | below | scores("baseline", "nl") | SUMMARIES
    assert planned == expected
    assert not planned & finetuned("baseline"), "a baseline checkpoint never depends on target languages"


def test_a_new_language_outside_realignment_leaves_every_checkpoint_alone(finished_study: Study) -> None:
    with finished_study.changed_config(target_languages=["de", "it", "nl"], realignment={"languages": ["de", "it"]}):
        planned = finished_study.planned()
    assert not any("manifest.json" in path for path in planned)
    assert scores("baseline", "nl") | scores("before-dictionary", "nl") | SUMMARIES <= planned
    assert not any("/de" in path or "-de" in path for path in planned)


def test_a_removed_language_runs_the_summaries_and_joint_realignments(finished_study: Study) -> None:
    without = recipe(target_languages=["de"])
    with finished_study.changed_config(target_languages=["de"]):
        below = {f"realigned/mine/{without}/seed31/manifest.json"} | below_realigned("de", recipe=without)
        assert finished_study.planned() == below


def test_a_language_outside_realignment_is_removed_and_added_at_the_price_of_summaries(
    finished_study: Study, tmp_path: Path
) -> None:
    study = finished_study.copy(tmp_path)
    with study.changed_config(realignment={"languages": ["de"]}, tasks={"ner": None}):
        study.run()
        assert study.planned() == set()
        before = study.tables()
        with study.changed_config(target_languages=["de"]):
            assert study.planned() == SUMMARIES
            study.run()
            assert study.tables() != before
        assert study.planned() == SUMMARIES, "what the language made is still there"
        study.run()
        assert study.tables() == before


def test_a_task_that_is_scored_on_fewer_languages_runs_the_summaries(finished_study: Study, tmp_path: Path) -> None:
    study = finished_study.copy(tmp_path)
    with study.changed_config(tasks={"ner": {**NER, "languages": ["de"]}}):
        assert study.planned() == SUMMARIES
        study.run()
        table = pd.read_csv(study.folder / "results/scores.csv")
        assert set(table[table["task"] == "ner"]["language"]) == {"en", "de"}
        assert set(table[table["task"] == "pos"]["language"]) == {"en", "de", "it"}
        change = pd.read_csv(study.folder / "results/alignment_change.csv")
        assert change.groupby("task")["language"].unique().map(set).to_dict() == {"ner": {"de"}, "pos": {"de", "it"}}


def test_the_order_of_languages_changes_nothing(finished_study: Study) -> None:
    with finished_study.changed_config(target_languages=["it", "de"]):
        assert finished_study.planned() == set()


def test_an_edited_bitext_runs_its_language_and_joint_realignments(finished_study: Study) -> None:
    path = finished_study.folder / "bitext" / "train.en-it.txt"
    with finished_study.changed_file(path, "settimana scorsa", "settimana passata"):
        planned = finished_study.planned()
    # held-out pairs of the dictionary do not depend on the training bitext
    own = {"bitext/train/en-it.txt", "links/dictionary/train/en-it.txt"}
    assert planned == own | {REALIGNED} | below_realigned("de", "it")


def test_fewer_held_out_pairs_of_a_language_measure_no_other_again(finished_study: Study) -> None:
    path = finished_study.folder / "bitext" / "test.en-it.txt"
    first = path.read_text(encoding="utf-8").partition("\n")[0] + "\n"
    with finished_study.changed_file(path, first, ""):
        planned = finished_study.planned()
    own = {"bitext/test/en-it.txt", "links/dictionary/test/en-it.txt", "alignment/mine/pretrained/it.json"}
    own |= {f"alignment/mine/{RECIPE}/seed31/it.json"} | scores("baseline", "it") | scores("before-dictionary", "it")
    # the tables then compare all languages over fewer pairs
    assert planned == own | SUMMARIES


def test_edited_task_data_runs_that_languages_scores(finished_study: Study) -> None:
    path = finished_study.folder / "ner" / "it.test.txt"
    with finished_study.changed_file(path, "contadino", "fattore"):
        planned = finished_study.planned()
    changed = scores("baseline", "it", tasks=("ner",)) | scores("before-dictionary", "it", tasks=("ner",))
    assert planned == {"examples/ner/it/test.parquet"} | changed | SUMMARIES


def test_a_touched_file_with_the_same_content_runs_nothing(finished_study: Study) -> None:
    (finished_study.folder / "bitext" / "train.en-it.txt").touch()
    assert finished_study.planned() == set()


def test_a_new_seed_runs_only_its_own_combinations(finished_study: Study) -> None:
    with finished_study.changed_config(seeds=[31, 42]):
        planned = finished_study.planned()
    assert planned == SUMMARIES | {f"realigned/mine/{RECIPE}/seed42/manifest.json"} | {
        f"alignment/mine/{RECIPE}/seed42/{lang}.json" for lang in ("de", "it")
    } | finetuned("baseline", 42) | finetuned("before-dictionary", 42) | scores(
        "baseline", "en", "de", "it", seed=42
    ) | scores("before-dictionary", "en", "de", "it", seed=42)


def test_a_new_model_runs_only_its_own_combinations(finished_study: Study) -> None:
    models = {"mine": {"source": "files", "path": "encoder"}, "other": {"source": "files", "path": "encoder"}}
    with finished_study.changed_config(models=models):
        planned = finished_study.planned()
    assert planned >= SUMMARIES
    assert all("/other" in path for path in planned - SUMMARIES - {"models.csv"})


def test_random_weights_are_drawn_for_the_models_that_ask_for_them(finished_study: Study) -> None:
    mine: dict[str, Any] = {"source": "files", "path": "encoder"}
    with finished_study.changed_config(models={"mine": mine, "control": {**mine, "init": "random"}}):
        planned = finished_study.planned()
        assert "models/control/manifest.json" in planned
        assert all("/control" in path for path in planned - SUMMARIES - {"models.csv"})
        finished_study.run("results/models/control/manifest.json")
        with finished_study.changed_config(
            models={"mine": mine, "control": {**mine, "init": "random", "init_seed": 1}}
        ):
            assert "models/control/manifest.json" in finished_study.planned()
    drawn = json.loads((finished_study.folder / "results/models/control/manifest.json").read_text())
    kept = json.loads((finished_study.folder / "results/models/mine/manifest.json").read_text())
    assert drawn["method"] == "random" and drawn["seed"] == 0 and drawn["weights_sha256"] != kept["weights_sha256"]
    assert drawn["files"] == kept["files"], "the same architecture and tokenizer"
    with finished_study.changed_config(models={"mine": {**mine, "init_seed": 3}}):
        assert finished_study.planned() == set(), "pretrained weights take no seed"


def test_measuring_the_training_bitext_measures_again_and_trains_nothing(finished_study: Study) -> None:
    with finished_study.changed_config(measurement={"split": "train"}):
        planned = finished_study.planned()
    languages = ("de", "it")
    measured = {
        f"alignment/mine/{start}/{lang}.json" for start in ("pretrained", f"{RECIPE}/seed31") for lang in languages
    }
    scored = scores("baseline", *languages) | scores("before-dictionary", *languages)
    assert planned == measured | scored | SUMMARIES


def test_a_new_method_runs_only_its_own_combinations(finished_study: Study) -> None:
    with finished_study.changed_config(methods=["baseline", "before-dictionary", "before-fastalign"]):
        planned = finished_study.planned()
    assert planned >= SUMMARIES
    assert all("fastalign" in path for path in planned - SUMMARIES)


def during(*tasks: str) -> set[str]:
    method = "during-dictionary"
    return finetuned(method, tasks=tasks) | scores(method, "en", "de", "it", tasks=tasks)  # type: ignore[arg-type]


def jointly_by_a_call(study: Study, save: Path) -> Manifest:
    """The manifest of the study's joint training, done by the library's function from the same input."""
    config, languages = yaml.safe_load((STUDY / "config.yaml").read_text(encoding="utf-8")), ("de", "it")
    bitext = {lang: list(read_bitext(study.folder / f"bitext/train.en-{lang}.txt")) for lang in languages}
    joint = realign.during(
        {lang: [pair.source for pair in bitext[lang]] for lang in languages},
        {lang: [pair.target for pair in bitext[lang]] for lang in languages},
        dictionary={lang: study.folder / f"dictionaries/en-{lang}.txt" for lang in languages},
        batch_size=config["realignment"]["batch_size"],
    )
    encoder, train = study.folder / "results/models/mine", study.folder / "pos/en.train.conllu"
    settings = {**config["finetuning"], "seed": 31, "threads": 1}
    return read_manifest(realign.finetune(encoder, "pos", train, save=save, realignment=joint, **settings))


def test_joint_realignment_adds_its_own_checkpoints_and_moves_no_other(finished_study: Study, tmp_path: Path) -> None:
    methods = ["baseline", "before-dictionary", "during-dictionary"]
    with finished_study.changed_config(methods=methods):
        assert finished_study.planned() == during("pos", "ner") | SUMMARIES
        finished_study.run("--until", "finetune_jointly")
        planned = finished_study.planned()
        assert planned == scores("during-dictionary", "en", "de", "it") | SUMMARIES
        with finished_study.changed_config(realignment={"coefficient": 0.5}):
            assert finished_study.planned() == during("pos", "ner") | SUMMARIES
        bitext = finished_study.folder / "bitext" / "train.en-it.txt"
        with finished_study.changed_file(bitext, "Il ponte", "Un ponte"):
            assert finetuned("during-dictionary") <= finished_study.planned()
            assert not finetuned("baseline") & finished_study.planned()
    manifest = json.loads(
        (finished_study.folder / "results/finetuned/mine/during-dictionary/pos/seed31/manifest.json").read_text()
    )
    assert jointly_by_a_call(finished_study, tmp_path / "joint").weights_sha256 == manifest["weights_sha256"]
    assert (
        manifest["method"] == "during-dictionary" and "results/links/dictionary/train/en-it.txt" in manifest["inputs"]
    )
    shutil.rmtree(finished_study.folder / "results/finetuned/mine/during-dictionary")


def test_as_many_realignment_steps_as_the_task_takes_make_one_encoder_for_equal_tasks(finished_study: Study) -> None:
    with finished_study.changed_config(realignment={"steps": "match"}):
        encoders = {path for path in finished_study.planned() if path.startswith("realigned/")}
    # 2 epochs of batches of 8
    sentences = {
        "pos": (finished_study.folder / "pos/en.train.conllu").read_text().count("# sent_id"),
        "ner": len((finished_study.folder / "ner/en.train.txt").read_text().strip().split("\n\n")),
    }
    steps = {2 * -(-count // 8) for count in sentences.values()}
    assert {int(path.split("/")[2].split("-")[1]) for path in encoders} == steps and len(encoders) == len(steps)


def test_a_removed_task_runs_only_the_summaries(finished_study: Study) -> None:
    pos = {"pos": {"source": "files", "pattern": "pos/{lang}.{split}.conllu"}}
    config = finished_study.folder / "config.yaml"
    with finished_study.changed_file(config, '  ner: {source: files, pattern: "ner/{lang}.{split}.txt"}\n', ""):
        assert pos and finished_study.planned() == SUMMARIES


@pytest.mark.parametrize(
    ("section", "change", "expected"),
    [
        (
            "finetuning",
            {"epochs": 3},
            finetuned("baseline")
            | finetuned("before-dictionary")
            | scores("baseline", "en", "de", "it")
            | scores("before-dictionary", "en", "de", "it")
            | SUMMARIES,
        ),
        (
            "realignment",
            {"temperature": 0.2},
            {f"realigned/mine/{WARMER}/seed31/manifest.json"} | below_realigned("de", "it", recipe=WARMER),
        ),
        (
            "analysis",
            {"bootstrap": 300},
            {
                "correlations.csv",
                "predictors.csv",
                "realignment.csv",
                "claims.csv",
                "tables/correlations.csv",
                "figures/transfer.svg",
                "figures/predictors.svg",
                "report.html",
                "explore.html",
            },
        ),
        (
            "figures",
            {"width": 6.0},
            {"figures/transfer.svg", "figures/predictors.svg", "figures/timeline.svg", "report.html"},
        ),
    ],
)
def test_a_hyperparameter_runs_its_stage_and_what_is_below(
    finished_study: Study, section: str, change: dict[str, float], expected: set[str]
) -> None:
    with finished_study.changed_config(**{section: change}):
        assert finished_study.planned() == expected


def test_the_code_of_a_stage_runs_it_and_what_is_below(finished_study: Study) -> None:
    library = finished_study.project / "workflow" / "realign"
    with finished_study.changed_file(
        library / "realignment/losses/contrastive.py", "temperature: float = 0.1", "temperature: float = 0.3"
    ):
        assert finished_study.planned() == {REALIGNED} | below_realigned("de", "it")
    with finished_study.changed_file(library / "analysis" / "figures.py", "alpha=0.85", "alpha=0.9"):
        assert finished_study.planned() == {"figures/transfer.svg", "report.html"}


def test_the_code_of_a_script_runs_its_stage(finished_study: Study) -> None:
    script = finished_study.project / "workflow" / "scripts" / "alignment_change.py"
    with finished_study.changed_file(script, "write_table(table,", "write_table(table.copy(),"):
        assert finished_study.planned() == {"alignment_change.csv", "tables/correlations.csv", "report.html"}


def test_comments_docstrings_and_formatting_run_nothing(finished_study: Study) -> None:
    library = finished_study.project / "workflow" / "realign"
    script = finished_study.project / "workflow" / "scripts" / "realign.py"
    with (
        finished_study.changed_file(
            library / "training/loop.py", '"""The one training loop', '"""The single training loop'
        ),
        finished_study.changed_file(
            library / "alignment/measures/retrieval.py", "hit = found == own", "hit = found == own  # a comment"
        ),
        finished_study.changed_file(
            script, "rng = seed_everything(seed)", "rng = seed_everything(\n        seed\n    )"
        ),
    ):
        assert finished_study.planned() == set()


def test_a_stage_that_reproduces_its_weights_stops_the_rerun(finished_study: Study, tmp_path: Path) -> None:
    study = finished_study.copy(tmp_path)
    finetuning = study.project / "workflow" / "realign" / "tasks" / "tagging" / "model.py"
    with study.changed_file(finetuning, "IGNORED = -100", "IGNORED = -101"):  # another number for the same thing
        below = study.planned()
        assert finetuned("baseline") | scores("baseline", "de") | SUMMARIES <= below
        manifest = study.folder / "results" / BASELINE["pos"] / "manifest.json"
        before, modified = manifest.read_bytes(), manifest.stat().st_mtime_ns
        study.run("--until", "finetune")
        assert manifest.stat().st_mtime_ns > modified, "the stage ran"
        assert manifest.read_bytes() == before, "and made the same weights"
        # scoring uses the same module, so its digest changed as well; correlations and the rest do not run
        remaining = study.planned()
    assert not remaining & finetuned("baseline")


NER = {"source": "files", "pattern": "ner/{lang}.{split}.txt"}
TREEBANKS = {"en": "UD_English-EWT", "de": "UD_German-GSD", "it": "UD_Italian-ISDT"}


@pytest.mark.parametrize(
    ("changes", "made_again"),
    [
        (
            {"tasks": {"pos": {"source": "hub", "dataset": "xtreme"}}},
            {f"examples/pos/{lang}/test.parquet" for lang in ("en", "de", "it")} | {"examples/pos/en/train.parquet"},
        ),
        (
            {"tasks": {"pos": {"source": "hub", "dataset": "ud", "treebanks": TREEBANKS}}},
            {f"examples/pos/{lang}/test.parquet" for lang in ("en", "de", "it")} | {"examples/pos/en/train.parquet"},
        ),
        ({"tasks": {"ner": {**NER, "pattern": "other/{lang}.{split}.txt"}}}, {"examples/ner/it/test.parquet"}),
        (
            {"tasks": {"ner": {**NER, "labels": ["O", "B-X", "B-PER"]}}},
            {"examples/ner/it/test.parquet", "examples/ner/en/train.parquet"},
        ),
        ({"bitext": {"source": "files", "pattern": "texts/{split}.{source}-{lang}.txt"}}, {"bitext/train/en-it.txt"}),
        ({"bitext": {"source": "hub", "dataset": "opus-100"}}, {"raw_bitext/train/en-it.tsv", "bitext/test/en-it.txt"}),
        ({"dictionaries": {"source": "hub"}}, {"dictionaries/en-it.txt", "links/dictionary/train/en-it.txt"}),
        ({"models": {"mine": {"source": "lab", "layers": 2}}}, {"models/mine/manifest.json"}),
        ({"models": {"mine": {"source": "hub", "name": "o/n"}}}, {"models/mine/manifest.json"}),
        ({"models": {"mine": {"source": "files", "path": "model"}}}, {"models/mine/manifest.json"}),
        ({"models": {"mine": {"source": "files", "path": "encoder", "init": "random"}}}, {"models/mine/manifest.json"}),
        ({"measurement": {"aligner": "fastalign"}}, {"alignment/mine/pretrained/it.json"} | scores("baseline", "it")),
        ({"measurement": {"measures": ["strong"]}}, {"alignment/mine/pretrained/it.json"} | scores("baseline", "it")),
    ],
)
def test_another_source_for_the_same_thing_makes_it_again(
    finished_study: Study, changes: dict[str, Any], made_again: set[str]
) -> None:
    copies = {"other": "ner", "texts": "bitext", "model": "encoder"}
    for copy, original in copies.items():
        shutil.copytree(finished_study.folder / original, finished_study.folder / copy)
    try:
        with finished_study.replaced_config(**changes):
            planned = finished_study.planned()
    finally:
        for copy in copies:
            shutil.rmtree(finished_study.folder / copy)
    assert made_again <= planned
    assert planned >= SUMMARIES


def test_what_no_result_depends_on_runs_nothing(finished_study: Study) -> None:
    jobs = finished_study.project / "workflow/realign/jobs"
    with (
        finished_study.changed_file(jobs / "job.py", "free some space and run again", "make room and run again"),
        finished_study.changed_file(jobs / "gpus.py", "waiting for a free GPU", "waiting for a GPU"),
        finished_study.changed_file(jobs / "digest.py", "[:16]", "[:16].strip()"),
    ):
        assert finished_study.planned() == set()


def test_the_code_of_one_kind_of_task_leaves_the_others_alone(finished_study: Study) -> None:
    tasks = finished_study.project / "workflow/realign/tasks"
    with (
        finished_study.changed_file(tasks / "classification/model.py", "return len(data)", "return 1 * len(data)"),
        finished_study.changed_file(tasks / "nli.py", "return count_labelled", "return 0 + count_labelled"),
    ):
        assert finished_study.planned() == set()
    with finished_study.changed_file(tasks / "metrics/entity_f1.py", "2 * len(", "2.0 * len("):
        both = (scores(method, "en", "de", "it", tasks=("ner",)) for method in ("baseline", "before-dictionary"))
        assert finished_study.planned() == set().union(*both) | SUMMARIES


BEFORE = {"when": "before", "aligner": "dictionary"}


def test_methods_with_the_same_settings_share_their_encoder_and_one_is_changed_alone(finished_study: Study) -> None:
    methods: dict[str, Any] = {"baseline": {}, "before-dictionary": {}, "same": BEFORE}
    methods["warmer"] = {**BEFORE, "temperature": 0.2}
    with finished_study.changed_config(methods=methods):
        planned = finished_study.planned()
        realigned = {path for path in planned if path.startswith("realigned/")}
        assert realigned == {f"realigned/mine/{WARMER}/seed31/manifest.json"}
        assert finetuned("same") | finetuned("warmer") | scores("same", "en", "de", "it") <= planned
        assert not planned & (finetuned("baseline") | finetuned("before-dictionary"))
        methods["before-dictionary"] = {"temperature": 0.3}
        with finished_study.changed_config(methods=methods):
            again = finished_study.planned()
    assert again - planned == {
        path for path in again if "before-dictionary" in path or recipe(realignment={"temperature": 0.3}) in path
    }


def test_a_label_of_a_method_is_a_matter_of_tables_and_figures(finished_study: Study) -> None:
    with finished_study.changed_config(methods={"baseline": {}, "before-dictionary": {"label": "dictionary"}}):
        assert finished_study.planned() == {
            "tables/correlations.csv",
            "figures/transfer.svg",
            "report.html",
            "explore.html",
        }


def test_with_an_encoder_for_each_language_a_change_of_one_runs_its_branch_alone(
    finished_study: Study, tmp_path: Path
) -> None:
    study = finished_study.copy(tmp_path)
    methods = {"baseline": {}, "own": {**BEFORE, "languages": "each"}}
    with study.changed_config(methods=methods, tasks={"ner": None}):
        study.run()
        assert study.planned() == set()
        table = pd.read_csv(study.folder / "results/scores.csv").query("method == 'own'")
        assert set(zip(table["realigned_for"], table["language"], strict=True)) == {
            ("de", "en"), ("de", "de"), ("it", "en"), ("it", "it"),
        }  # fmt: skip
        sources = {
            lang: table.query("language == 'en' and realigned_for == @lang").set_index("task")["score"]
            for lang in ("de", "it")
        }
        for row in table.query("language != 'en' and task == 'pos'").to_dict("records"):
            source = sources[row["language"]][row["task"]]
            assert row["transfer"] == pytest.approx((row["score"] - source) / source, rel=1e-4)
        gains = pd.read_csv(study.folder / "results/realignment.csv").query("method == 'own' and language == 'mean'")
        assert gains["gain"].notna().all()
        own = {f"{kind}/mine/own@it" for kind in ("finetuned", "scores")}
        bitext = study.folder / "bitext" / "train.en-it.txt"
        with study.changed_file(bitext, "settimana scorsa", "settimana passata"):
            branch = study.planned() - SUMMARIES
        assert {"bitext/train/en-it.txt", "links/dictionary/train/en-it.txt"} <= branch
        assert not any("@de" in path or "baseline" in path for path in branch)
        assert own == {"/".join(path.split("/")[:3]) for path in branch if "own@" in path}
        with study.changed_config(target_languages=["de"]):
            assert study.planned() == SUMMARIES
        with study.changed_config(target_languages=["de", "it", "nl"]):
            added = study.planned() - SUMMARIES
        assert added and not any("@de" in path or "@it" in path for path in added)
        assert any(path.startswith("finetuned/mine/own@nl/") for path in added)
        assert {path for path in added if "baseline" in path} == scores("baseline", "nl", tasks=("pos",))
