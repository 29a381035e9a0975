"""The presets of `experiments/`, as they are, and in small for the stand-in hub."""

import gzip
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from hub_content import LAB, raw
from realign.config.reading import read_config
from realign.experiment.experiment import Experiment
from realign.languages import selections
from study import PROJECT

STUDIES = ("acl2023", "acl2023-correlation", "naacl2025", "aacl2025", "quick-gpu")
TARGETS = ["ar", "zh"]
TREEBANK = "{treebank}/{release}/{lang}_{name}-ud-{split}.conllu"


def preset(name: str) -> dict[str, Any]:
    """A preset's content."""
    content: dict[str, Any] = yaml.safe_load((PROJECT / f"experiments/{name}.yaml").read_text(encoding="utf-8"))
    return content


def experiment_of(name: str) -> Experiment:
    """A preset's experiment."""
    return Experiment(read_config(preset(name)), PROJECT / "lab")


def in_small(
    name: str, url: str, models: Mapping[str, list[str]], methods: list[str], tasks: list[str]
) -> dict[str, Any]:
    """A preset on two languages, one seed and a few of its models, methods and tasks, four steps each.

    `models` says which of the methods each uses, and `url` where the stand-in hub serves its files. All other settings
    stay as they are.
    """
    content = preset(name)
    content["target_languages"], content["seeds"] = TARGETS, content["seeds"][:1]
    content["models"] = {
        model: {key: content["models"][model][key] for key in ("source", "name")} | {"methods": chosen}
        for model, chosen in models.items()
    }
    named = content["methods"]
    content["methods"] = (
        methods if isinstance(named, list) else {method: _on_targets(named[method]) for method in methods}
    )
    content["tasks"] = {task: _few_examples(content["tasks"][task], methods, url) for task in tasks}
    content["bitext"] = {"source": "hub", "dataset": "opus-100", "max_sentences": 200}
    if content.pop("bitext_of", None):
        nllb = {"source": "hub", "dataset": "nllb", "max_sentences": 200, "test_sentences": 60}
        content["bitext_of"] = {"zh": {**nllb, "url": f"{url}/files/nllb/{{pair}}.gz"}}
    if "dictionaries" in content:
        content["dictionaries"]["url"] = f"{url}/files/dictionaries/{{source}}-{{lang}}.txt"
    if "aligners" in content:
        del content["aligners"]["awesome"]["model"]["revision"]
        content["aligners"]["awesome"] |= {"layer": 2, "threshold": 0.1}
    if content.get("realignment", {}).get("steps", "match") != "match":
        content["realignment"]["steps"] = 4
    if "realignment" in content:
        content["realignment"] |= {"batch_size": 4, "learning_rate": 2e-4}
    content["finetuning"] |= {
        "epochs": 2, "batch_size": {task: 8 if task == "qa" else 16 for task in tasks}, "learning_rate": 2e-4
    }  # fmt: skip
    return content | {"analysis": {"bootstrap": 200}}


def _on_targets(method: dict[str, Any]) -> dict[str, Any]:
    """A method without languages that are not there; a selection becomes the list of those that are."""
    if "languages" not in method:
        return method
    chosen = selections()[method["languages"]["selection"]]
    return method | {"languages": [language for language in TARGETS if language in chosen]}


def _few_examples(task: dict[str, Any], methods: list[str], url: str) -> dict[str, Any]:
    """A task on few examples of the stand-in's."""
    few = {key: value for key, value in task.items() if key not in ("revision", "training_revision")}
    few["training_sentences"] = 16 if task["dataset"] == "xquad" else 32
    if task["dataset"] == "ud":
        few |= {"revision": task["revision"], "url": f"{url}/files/ud/{TREEBANK}"}
    if "languages" in task:
        few["languages"] = [one for one in TARGETS if one in task["languages"]]
    if "methods" in task:
        few["methods"] = [one for one in task["methods"] if one in methods]
    return few


def write_nllb(files: Path) -> None:
    """English and Chinese of the lab's bitext as NLLB has it."""
    english, chinese = (
        (LAB / f"bitext/train.{side}.txt").read_text(encoding="utf-8").splitlines() for side in ("en", "zh")
    )
    rows = [
        f"{raw(one.split(), 'en')}\t{raw(other.split(), 'zh')}\t1.1\n"
        for one, other in zip(english, chinese, strict=True)
    ]
    files.mkdir(parents=True, exist_ok=True)
    (files / "eng_Latn-zho_Hans.gz").write_bytes(gzip.compress("".join(rows).encode()))
