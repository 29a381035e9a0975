# The DAG of an experiment whose sources are all on the hub, in plain Snakemake: the workflow's rules with their inputs,
# outputs and wildcards, and nothing else. dry_run.py writes its config and compares it with the workflow.

SOURCE, TARGETS, SEEDS, STEPS = (config[key] for key in ("source", "targets", "seeds", "steps"))
METHODS = config["methods"]  # by model
CHECKPOINT = ["manifest.json", "model.safetensors", "config.json", "tokenizer.json", "tokenizer_config.json"]
SUMMARIES = expand(
    "results/{table}.csv",
    table="correlations realignment alignment_change mixed_effects scores alignment models".split(),
)
TABLES = expand(
    "results/tables/{name}.{form}",
    name="correlations alignment_change realignment realignment_by_language".split(),
    form=["csv", "tex"],
)
FIGURES = expand(
    "results/figures/{name}.{form}", name="transfer layers gain summary".split(), form=["svg", "pdf"]
)
TIMELINE = multiext("results/figures/timeline", ".svg", ".pdf")
SCORES = [
    path
    for model in METHODS
    for path in expand(
        "results/scores/{model}/{method}/{task}/seed{seed}/{lang}.json",
        model=model,
        method=METHODS[model],
        task=STEPS,
        seed=SEEDS,
        lang=[SOURCE, *TARGETS],
    )
]
ALIGNMENT = expand("results/alignment/{model}/pretrained/{lang}.json", model=METHODS, lang=TARGETS) + [
    path
    for model in METHODS
    for path in expand(
        "results/alignment/{model}/{aligner}/{steps}/seed{seed}/{lang}.json",
        model=model,
        aligner=[method.removeprefix("before-") for method in METHODS[model] if method.startswith("before-")],
        steps=sorted(set(STEPS.values())),
        seed=SEEDS,
        lang=TARGETS,
    )
]


wildcard_constraints:
    model="|".join(METHODS),
    aligner="fastalign|dictionary|awesome",
    task="|".join(STEPS),
    lang="|".join([SOURCE, *TARGETS]),
    split="train|test",
    seed=r"\d+",
    steps=r"\d+",


rule all:
    input:
        SUMMARIES,
        TABLES,
        FIGURES,
        TIMELINE,
        "results/report.html",


rule fetch_bitext:
    output:
        f"results/raw_bitext/{{split}}/{SOURCE}-{{lang}}.tsv",
        f"results/raw_bitext/{{split}}/{SOURCE}-{{lang}}.source.json",


rule tokenise_bitext:
    input:
        f"results/raw_bitext/{{split}}/{SOURCE}-{{lang}}.tsv",
    output:
        f"results/bitext/{{split}}/{SOURCE}-{{lang}}.txt",


rule fetch_dictionary:
    output:
        f"results/dictionaries/{SOURCE}-{{lang}}.txt",
        f"results/dictionaries/{SOURCE}-{{lang}}.source.json",


rule align_dictionary:
    input:
        f"results/bitext/{{split}}/{SOURCE}-{{lang}}.txt",
        f"results/dictionaries/{SOURCE}-{{lang}}.txt",
    output:
        f"results/pairs/dictionary/{{split}}/{SOURCE}-{{lang}}.txt",


rule align_fastalign:
    input:
        f"results/bitext/{{split}}/{SOURCE}-{{lang}}.txt",
    output:
        f"results/pairs/fastalign/{{split}}/{SOURCE}-{{lang}}.txt",


rule align_awesome:
    input:
        f"results/bitext/{{split}}/{SOURCE}-{{lang}}.txt",
        f"results/models/{config['awesome']}/manifest.json",
    output:
        f"results/pairs/awesome/{{split}}/{SOURCE}-{{lang}}.txt",


rule fetch_task:
    output:
        "results/tasks/{task}/{lang}/{split}.parquet",
        "results/tasks/{task}/{lang}/{split}.source.json",


rule fetch_model:
    output:
        multiext("results/models/{model}/", *CHECKPOINT),


rule measure_pretrained:
    input:
        "results/models/{model}/manifest.json",
        f"results/bitext/test/{SOURCE}-{{lang}}.txt",
        f"results/pairs/dictionary/test/{SOURCE}-{{lang}}.txt",
    output:
        "results/alignment/{model}/pretrained/{lang}.json",


rule realign:
    input:
        "results/models/{model}/manifest.json",
        expand(f"results/bitext/train/{SOURCE}-{{lang}}.txt", lang=TARGETS),
        expand(f"results/pairs/{{{{aligner}}}}/train/{SOURCE}-{{lang}}.txt", lang=TARGETS),
    output:
        multiext(
            "results/realigned/{model}/{aligner}/{steps}/seed{seed}/",
            *CHECKPOINT,
            "loss.csv",
            "run.json",
        ),


rule measure_realigned:
    input:
        "results/realigned/{model}/{aligner}/{steps}/seed{seed}/manifest.json",
        "results/realigned/{model}/{aligner}/{steps}/seed{seed}/model.safetensors",
        f"results/bitext/test/{SOURCE}-{{lang}}.txt",
        f"results/pairs/dictionary/test/{SOURCE}-{{lang}}.txt",
    output:
        "results/alignment/{model}/{aligner}/{steps}/seed{seed}/{lang}.json",


def encoder(wildcards):
    """The encoder that fine-tuning starts from: the pretrained one, or one realigned on an aligner's pairs."""
    if wildcards.method == "baseline":
        return [f"results/models/{wildcards.model}/manifest.json"]
    aligner, steps = wildcards.method.removeprefix("before-"), STEPS[wildcards.task]
    folder = f"results/realigned/{wildcards.model}/{aligner}/{steps}/seed{wildcards.seed}"
    return [f"{folder}/manifest.json", f"{folder}/model.safetensors"]


rule finetune:
    input:
        encoder,
        f"results/tasks/{{task}}/{SOURCE}/train.parquet",
    output:
        multiext(
            "results/finetuned/{model}/{method}/{task}/seed{seed}/",
            *CHECKPOINT,
            "loss.csv",
        ),
    wildcard_constraints:
        method="baseline|before-[^/]+",


rule finetune_jointly:
    input:
        "results/models/{model}/manifest.json",
        f"results/tasks/{{task}}/{SOURCE}/train.parquet",
        expand(f"results/bitext/train/{SOURCE}-{{lang}}.txt", lang=TARGETS),
        expand(f"results/pairs/{{{{aligner}}}}/train/{SOURCE}-{{lang}}.txt", lang=TARGETS),
    output:
        multiext(
            "results/finetuned/{model}/during-{aligner}/{task}/seed{seed}/",
            *CHECKPOINT,
            "loss.csv",
        ),


def held_out(wildcards):
    """Bitext and word pairs of a target language; the source language has none."""
    if wildcards.lang == SOURCE:
        return []
    return [
        f"results/bitext/test/{SOURCE}-{wildcards.lang}.txt",
        f"results/pairs/dictionary/test/{SOURCE}-{wildcards.lang}.txt",
    ]


rule score:
    input:
        "results/finetuned/{model}/{method}/{task}/seed{seed}/manifest.json",
        "results/finetuned/{model}/{method}/{task}/seed{seed}/model.safetensors",
        "results/tasks/{task}/{lang}/test.parquet",
        held_out,
    output:
        "results/scores/{model}/{method}/{task}/seed{seed}/{lang}.json",


rule tabulate:
    input:
        SCORES,
        ALIGNMENT,
    output:
        "results/scores.csv",
        "results/alignment.csv",


rule correlate:
    input:
        "results/scores.csv",
        "results/alignment.csv",
    output:
        "results/correlations.csv",


rule compare:
    input:
        SCORES,
    output:
        "results/realignment.csv",


rule change:
    input:
        "results/scores.csv",
        "results/alignment.csv",
    output:
        "results/alignment_change.csv",


rule mix:
    input:
        "results/scores.csv",
        "results/alignment.csv",
    output:
        "results/mixed_effects.csv",


rule describe:
    input:
        expand("results/models/{model}/{file}", model=METHODS, file=CHECKPOINT[:3]),
    output:
        "results/models.csv",


rule typeset:
    input:
        "results/correlations.csv",
        "results/alignment_change.csv",
        "results/realignment.csv",
    output:
        TABLES,


rule draw:
    input:
        "results/models.csv",
        "results/scores.csv",
        "results/alignment.csv",
        "results/correlations.csv",
        "results/realignment.csv",
    output:
        FIGURES,


rule timeline:
    input:
        "results/scores.csv",
        "results/alignment.csv",
    output:
        TIMELINE,


rule report:
    input:
        SUMMARIES,
        FIGURES,
        TIMELINE,
    output:
        "results/report.html",
