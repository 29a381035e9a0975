# Every path under results/, and what rules need to know about an experiment.

import shlex

from realign.config import (
    BitextHub,
    DictionaryHub,
    LabModel,
    LabSource,
    ModelFiles,
    ModelHub,
    TaskFiles,
    TaskHub,
    parse_method,
)
from realign.digest import code_digest
from realign.text.files import sha256_of

# Whether all paths stand for objects of a storage (`--default-storage-provider`).
STORED = workflow.storage_settings.default_storage_provider is not None

SOURCE = CONFIG.source_language
TARGETS = sorted(CONFIG.target_languages)
LANGUAGES = [SOURCE, *TARGETS]
JUDGED = [(aligner, lang) for aligner in CONFIG.used_aligners for lang in LOCATE.gold_languages()]
STEPS_OF_TASK = {task: LOCATE.realignment_steps(task) for task in sorted(CONFIG.tasks)}

BITEXT = f"results/bitext/{{split}}/{SOURCE}-{{lang}}.txt"
PAIRS = f"results/pairs/{{aligner}}/{{split}}/{SOURCE}-{{lang}}.txt"
RAW_BITEXT = f"results/raw_bitext/{{split}}/{SOURCE}-{{lang}}.tsv"
DICTIONARY = f"results/dictionaries/{SOURCE}-{{lang}}.txt"
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
    for name in ("transfer", "layers", "gain", "summary", "timeline")
}
BESIDE_MANIFEST = ("model.safetensors", "config.json", "tokenizer.json", "tokenizer_config.json")


wildcard_constraints:
    model="|".join(CONFIG.models),
    method="|".join(CONFIG.methods),
    aligner="fastalign|dictionary|awesome",
    task="|".join(CONFIG.tasks),
    lang="|".join(LANGUAGES),
    split="train|test|gold",
    seed=r"\d+",
    steps=r"\d+",


def script_digest(rule_name):
    """Digest of a rule's script and of all library code under it, which stands in the rule's params."""
    return code_digest(HOME / "workflow" / "scripts" / f"{rule_name}.py")


def one_of(entries, kind):
    """Wildcard constraint: the names of a mapping whose entries are of a kind."""
    return "|".join(name for name, entry in entries.items() if isinstance(entry, kind)) or "none"


def checkpoint(folder, kind="pretrained"):
    """The tracked files of a checkpoint: its manifest, and the weights and tokenizer beside it."""
    weights = f"{folder}/model.safetensors"
    return {
        "manifest": f"{folder}/manifest.json",
        "weights": weights if kind in ("pretrained", *CONFIG.storage.keep) else temp(weights),
        "config": f"{folder}/config.json",
        "tokenizer": f"{folder}/tokenizer.json",
        "tokenizer_config": f"{folder}/tokenizer_config.json",
    }


def identity(wildcards):
    """A param of what is shared, and of what that is made from: Snakemake's hash of an entry leaves wildcards out."""
    return {"source_language": SOURCE, **dict(wildcards.items())}


def sizes(wildcards, input):
    """A param that tells files which a config names from the same files in another order, for the hash sorts them.

    In a storage they may not be at hand; then it is their names.
    """
    if STORED:
        return [Path(path).name for path in input]
    return [Path(path).stat().st_size for path in input if Path(path).is_file()]


def contents(wildcards, input):
    """The same for made files, in a job that Snakemake runs elsewhere, where it does not look at how they were made.

    What is recorded for the next run, and compared then, is the param of the process that submits: nothing.
    """
    if not SHARED or workflow.is_main_process:
        return None
    return [sha256_of(Path(path)) for path in input if Path(path).is_file()]


def asking(base, per_mb=0):
    """A resource: `base`, and `per_mb` for each MB of the job's encoder, or else of its inputs; n times it at try n."""

    def ask(wildcards, input, attempt):
        manifest = input.get("encoder") or input.get("model")
        paths = [manifest.replace("manifest.json", "model.safetensors")] if manifest else input
        size = sum(os.path.getsize(path) for path in paths if os.path.isfile(path))
        return attempt * (base + round(per_mb * size / 1e6))

    return ask


def weights_of(manifest, kind="pretrained"):
    """The weights beside a manifest where they are dropped after their last use, so that they are there to be used.

    With an object storage, all that lies beside it, to be brought along. Elsewhere they need not be inputs: the manifest
    vouches for them.
    """
    if STORED:
        return [ancient(manifest.replace("manifest.json", name)) for name in BESIDE_MANIFEST]
    dropped = kind not in ("pretrained", *CONFIG.storage.keep)
    return ancient(manifest.replace("manifest.json", BESIDE_MANIFEST[0])) if dropped else []


def held_out(wildcards):
    """The held-out bitext and its pairs; the source language has none."""
    return {} if wildcards.lang == SOURCE else {"bitext": MEASURED_BITEXT, "pairs": MEASURED_PAIRS}


def settings_of(section, wildcards):
    """A training section's settings with the model's own learning rate and the task's epochs."""
    settings = getattr(CONFIG, section).model_dump()
    settings["learning_rate"] = CONFIG.models[wildcards.model].learning_rate or settings["learning_rate"]
    if section == "finetuning":
        settings["epochs"] = CONFIG.epochs_of(wildcards.task)
    return settings


def encoder_to_finetune(wildcards):
    """The manifest of the encoder that a method starts from."""
    method = parse_method(wildcards.method)
    folder = REALIGNED if method.when == "before" else MODEL
    steps = STEPS_OF_TASK[wildcards.task]
    return f"{folder}/manifest.json".format(
        model=wildcards.model, aligner=method.aligner, steps=steps, seed=wildcards.seed
    )


def fetched_entry(task, lang):
    """A hub task's config as far as one language's data depend on it."""
    entry = CONFIG.tasks[task].model_dump(exclude={"training_sentences"})
    return entry | {"treebanks": {lang: entry["treebanks"][lang]} if entry["treebanks"] else {}}


def dictionary_of(lang):
    """The dictionary of a language: a file of the user's or the lab's, or a fetched one."""
    hub = isinstance(CONFIG.aligners.dictionary, DictionaryHub)
    return DICTIONARY.format(lang=lang) if hub else LOCATE.dictionary(lang)


def all_scores():
    """Every score of the experiment."""
    return [
        path
        for model in CONFIG.models
        for path in expand(
            SCORE,
            model=model,
            method=CONFIG.methods_of(model),
            task=CONFIG.tasks,
            seed=CONFIG.seeds,
            lang=LANGUAGES,
        )
    ]


def all_alignments():
    """The alignment of every encoder before fine-tuning, pretrained and realigned."""
    return expand(PRETRAINED_ALIGNMENT, model=CONFIG.models, lang=TARGETS) + [
        path
        for model in CONFIG.models
        for path in expand(
            REALIGNED_ALIGNMENT,
            model=model,
            aligner=[m.aligner for m in map(parse_method, CONFIG.methods_of(model)) if m.when == "before"],
            steps=sorted(set(STEPS_OF_TASK.values())),
            seed=CONFIG.seeds,
            lang=TARGETS,
        )
    ]


def configfile_option():
    """The config files that this run was given on the command line, as an option for a Snakemake inside it."""
    files = workflow.overwrite_configfiles
    return f"--configfile {shlex.join(map(str, files))}" if files else ""
