localrules:
    fetch_task,


rule prepare_task:
    input:
        lambda wildcards: LOCATE.task(wildcards.task, wildcards.lang, wildcards.split),
    output:
        TASK_DATA,
    log:
        "results/logs/tasks/{task}-{lang}-{split}.log",
    benchmark:
        "results/benchmarks/prepare_task/{task}-{lang}-{split}.tsv"
    wildcard_constraints:
        task=one_of(CONFIG.tasks, (LabSource, TaskFiles)),
    resources:
        mem_mb=asking(2000),
        runtime=asking(5, per_mb=0.1),
        processor=1,
    params:
        code=script_digest("prepare_task"),
        labels=lambda wildcards: getattr(CONFIG.tasks[wildcards.task], "labels", None),
    script:
        "../scripts/prepare_task.py"


rule fetch_task:
    output:
        data=TASK_DATA,
        provenance=TASK_DATA.replace(".parquet", ".source.json"),
    log:
        "results/logs/tasks/{task}-{lang}-{split}.log",
    benchmark:
        "results/benchmarks/fetch_task/{task}-{lang}-{split}.tsv"
    wildcard_constraints:
        task=one_of(CONFIG.tasks, TaskHub),
    params:
        code=script_digest("fetch_task"),
        entry=lambda wildcards: fetched_entry(wildcards.task, wildcards.lang),
        limit=lambda wildcards: (
            CONFIG.tasks[wildcards.task].training_sentences if wildcards.split == "train" else None
        ),
    script:
        "../scripts/fetch_task.py"
