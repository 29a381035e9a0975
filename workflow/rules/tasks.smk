localrules:
    fetch_task,


# Both rules make the same files, so that a task runs again when its source changes.
rule prepare_task:
    input:
        lambda w: EXPERIMENT.locate.examples(w.task, w.lang, w.split),
    output:
        examples=PATHS.examples,
        provenance=PATHS.examples_source,
    log:
        "results/logs/examples/{task}-{lang}-{split}.log",
    benchmark:
        "results/benchmarks/prepare_task/{task}-{lang}-{split}.tsv"
    wildcard_constraints:
        task=EXPERIMENT.tasks_from(hub=False),
    localrule: WITHOUT_STEP
    conda:
        "../../envs/text.yaml"
    resources:
        mem_mb=asking(2000),
        runtime=asking(5, per_mb=0.1),
        processor=1,
    params:
        code=lambda w: digest("prepare_task", *EXPERIMENT.examples_modules(w.task)),
        settings=lambda w: EXPERIMENT.examples_params(w.task, w.lang, w.split),
    script:
        "../scripts/prepare_task.py"


rule fetch_task:
    output:
        examples=PATHS.examples,
        provenance=PATHS.examples_source,
    log:
        "results/logs/examples/{task}-{lang}-{split}.log",
    benchmark:
        "results/benchmarks/fetch_task/{task}-{lang}-{split}.tsv"
    wildcard_constraints:
        task=EXPERIMENT.tasks_from(hub=True),
    conda:
        "../../envs/text.yaml"
    params:
        code=lambda w: digest("fetch_task", *EXPERIMENT.examples_modules(w.task)),
        settings=lambda w: EXPERIMENT.examples_params(w.task, w.lang, w.split),
    script:
        "../scripts/fetch_task.py"
