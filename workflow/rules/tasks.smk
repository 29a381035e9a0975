rule prepare_task:
    input:
        lambda wildcards: LOCATE.task(wildcards.task, wildcards.lang, wildcards.split),
    output:
        TASK_DATA,
    log:
        "results/logs/tasks/{task}-{lang}-{split}.log",
    params:
        code=script_digest("prepare_task"),
        labels=lambda wildcards: getattr(CONFIG.tasks[wildcards.task], "labels", None),
    script:
        "../scripts/prepare_task.py"
