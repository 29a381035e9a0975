# The typed config, every path under results/, and what rules need to know about an experiment.

import os
import shlex
import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError

HOME = Path(workflow.basedir)
sys.path.insert(0, str(HOME / "workflow"))
os.environ["PYTHONPATH"] = os.pathsep.join(
    filter(None, [str(HOME / "workflow"), os.environ.get("PYTHONPATH")])
)

from realign.config import LabModel, LabSource, parse_method, read_config
from realign.digest import code_digest
from realign.errors import InputError
from realign.running import claim_folder
from realign.sources.files import Locator

LAB = Path(os.path.relpath(HOME / "lab")) if HOME == Path.cwd() else HOME / "lab"

try:
    CONFIG = read_config(config)
    LOCATE = Locator(CONFIG, LAB)
    LOCATE.check()
    # not for dry runs, jobs on other nodes, or the report that a job of this very run makes
    if workflow.is_main_process and not workflow.dryrun and "REALIGN_REPORT" not in os.environ:
        claim_folder(Path(".snakemake/realign.lock"))
except InputError as error:
    raise WorkflowError(str(error))

# `-j` may promise more cores than this machine has; more jobs than cores would only fight over caches.
if workflow.local_exec:
    workflow.register_resource("processor", len(os.sched_getaffinity(0)))

SOURCE = CONFIG.source_language
TARGETS = sorted(CONFIG.target_languages)
LANGUAGES = [SOURCE, *TARGETS]
METHODS = [parse_method(method) for method in CONFIG.methods]
ALIGNERS = sorted({method.aligner for method in METHODS} - {None})
MEASURED_ALIGNERS = sorted({*ALIGNERS, CONFIG.measurement.aligner})
JUDGED = [(aligner, lang) for aligner in MEASURED_ALIGNERS for lang in LOCATE.gold_languages()]
STEPS_OF_TASK = {task: LOCATE.realignment_steps(task) for task in sorted(CONFIG.tasks)}
LAB_MODELS = [name for name, entry in CONFIG.models.items() if isinstance(entry, LabModel)]
FILES_MODELS = [name for name in CONFIG.models if name not in LAB_MODELS]

BITEXT = f"results/bitext/{{split}}/{SOURCE}-{{lang}}.txt"
PAIRS = f"results/pairs/{{aligner}}/{{split}}/{SOURCE}-{{lang}}.txt"
TASK_DATA = "results/tasks/{task}/{lang}/{split}.parquet"
MODEL = "results/models/{model}"
REALIGNED = "results/realigned/{model}/{aligner}/{steps}/seed{seed}"
FINETUNED = "results/finetuned/{model}/{method}/{task}/seed{seed}"
SCORE = "results/scores/{model}/{method}/{task}/seed{seed}/{lang}.json"
PRETRAINED_ALIGNMENT = "results/alignment/{model}/pretrained/{lang}.json"
REALIGNED_ALIGNMENT = "results/alignment/{model}/{aligner}/{steps}/seed{seed}/{lang}.json"
MEASURED_BITEXT = BITEXT.replace("{split}", "test")
MEASURED_PAIRS = PAIRS.format(aligner=CONFIG.measurement.aligner, split="test", lang="{lang}")

SUMMARIES = [
    f"results/{table}.csv"
    for table in (
        "correlations",
        "realignment",
        "alignment_change",
        "mixed_effects",
        "scores",
        "alignment",
        "models",
    )
] + ["results/aligners.csv"] * bool(JUDGED)
LAYOUTS = ("correlations", "alignment_change", "realignment", "realignment_by_language")
TABLES = expand("results/tables/{name}.{form}", name=LAYOUTS, form=["csv", "tex"])
FIGURES = {
    name: multiext(f"results/figures/{name}", ".svg", ".pdf")
    for name in ("transfer", "layers", "gain", "summary")
}


wildcard_constraints:
    model="|".join(CONFIG.models),
    method="|".join(CONFIG.methods),
    aligner="fastalign|dictionary",
    task="|".join(CONFIG.tasks),
    lang="|".join(LANGUAGES),
    split="train|test|gold",
    seed=r"\d+",
    steps=r"\d+",


def script_digest(rule_name):
    """Digest of a rule's script and of all library code under it, which stands in the rule's params."""
    return code_digest(HOME / "workflow" / "scripts" / f"{rule_name}.py")


def checkpoint(folder):
    """The tracked files of a checkpoint: its manifest, and the weights and tokenizer beside it."""
    return {
        "manifest": f"{folder}/manifest.json",
        "weights": f"{folder}/model.safetensors",
        "config": f"{folder}/config.json",
        "tokenizer": f"{folder}/tokenizer.json",
    }


def learning_rate(section, model):
    """A training section's settings with the model's own learning rate, if it has one."""
    settings = getattr(CONFIG, section).model_dump()
    return settings | {"learning_rate": CONFIG.models[model].learning_rate or settings["learning_rate"]}


def encoder_to_finetune(wildcards):
    """The manifest of the encoder that a method starts from."""
    method = parse_method(wildcards.method)
    folder = REALIGNED if method.when == "before" else MODEL
    steps = STEPS_OF_TASK[wildcards.task]
    return f"{folder}/manifest.json".format(
        model=wildcards.model, aligner=method.aligner, steps=steps, seed=wildcards.seed
    )


def all_scores():
    """Every score of the experiment."""
    return expand(
        SCORE,
        model=CONFIG.models,
        method=CONFIG.methods,
        task=CONFIG.tasks,
        seed=CONFIG.seeds,
        lang=LANGUAGES,
    )


def all_alignments():
    """The alignment of every encoder before fine-tuning, pretrained and realigned."""
    return expand(PRETRAINED_ALIGNMENT, model=CONFIG.models, lang=TARGETS) + expand(
        REALIGNED_ALIGNMENT,
        model=CONFIG.models,
        aligner=[method.aligner for method in METHODS if method.when == "before"],
        steps=sorted(set(STEPS_OF_TASK.values())),
        seed=CONFIG.seeds,
        lang=TARGETS,
    )


def configfile_option():
    """The config files that this run was given on the command line, as an option for a Snakemake inside it."""
    files = workflow.overwrite_configfiles
    return f"--configfile {shlex.join(map(str, files))}" if files else ""
