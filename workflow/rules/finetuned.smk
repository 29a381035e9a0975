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
    wildcard_constraints:
        method="baseline|before-[^/]+",
    resources:
        mem_mb=3000,
        processor=lambda wildcards, threads: threads,
    params:
        code=script_digest("finetune"),
        settings=lambda wildcards: learning_rate("finetuning", wildcards.model),
        precision=CONFIG.precision,
    script:
        "../scripts/finetune.py"


# A rule of its own, so that no change of realignment reaches a baseline.
rule finetune_jointly:
    input:
        encoder=f"{MODEL}/manifest.json",
        train=TASK_DATA.format(task="{task}", lang=SOURCE, split="train"),
        bitext=expand(BITEXT, split="train", lang=CONFIG.realignment_languages),
        pairs=expand(PAIRS, aligner="{aligner}", split="train", lang=CONFIG.realignment_languages),
    output:
        **checkpoint(FINETUNED.replace("{method}", "during-{aligner}")),
        losses=f"{FINETUNED}/loss.csv".replace("{method}", "during-{aligner}"),
    log:
        "results/logs/finetuned/{model}-during-{aligner}-{task}-seed{seed}.log",
    benchmark:
        "results/benchmarks/finetune_jointly/{model}-during-{aligner}-{task}-seed{seed}.tsv"
    resources:
        mem_mb=4000,
        processor=lambda wildcards, threads: threads,
    params:
        code=script_digest("finetune_jointly"),
        settings=lambda wildcards: learning_rate("finetuning", wildcards.model),
        realignment=CONFIG.realignment.model_dump(exclude={"steps", "languages", "learning_rate"}),
        precision=CONFIG.precision,
    script:
        "../scripts/finetune_jointly.py"
