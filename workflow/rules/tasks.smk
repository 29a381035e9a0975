rule prepare_task:
    input:
        lambda wildcards: LOCATE.task(wildcards.task, wildcards.lang, wildcards.split),
    output:
        TASK_DATA,
    log:
        "results/logs/tasks/{task}-{lang}-{split}.log",
    benchmark:
        "results/benchmarks/prepare_task/{task}-{lang}-{split}.tsv"
    params:
        code=script_digest("prepare_task"),
        labels=lambda wildcards: getattr(CONFIG.tasks[wildcards.task], "labels", None),
    script:
        "../scripts/prepare_task.py"
