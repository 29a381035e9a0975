rule finetune:
    input:
        encoder=encoder_to_finetune,
        train=TASK_DATA.format(task="{task}", lang=SOURCE, split="train"),
    output:
        **checkpoint(FINETUNED),
        losses=f"{FINETUNED}/loss.csv",
    log:
        "results/logs/finetuned/{model}-{method}-{task}-seed{seed}.log",
    benchmark:
        "results/benchmarks/finetune/{model}-{method}-{task}-seed{seed}.tsv"
    resources:
        mem_mb=3000,
        processor=lambda wildcards, threads: threads,
    params:
        code=script_digest("finetune"),
        settings=lambda wildcards: learning_rate("finetuning", wildcards.model),
        precision=CONFIG.precision,
    script:
        "../scripts/finetune.py"
