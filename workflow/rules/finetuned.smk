rule finetune:
    input:
        encoder=encoder_to_finetune,
        weights=lambda wildcards: weights_of(
            encoder_to_finetune(wildcards), "pretrained" if wildcards.method == "baseline" else "realigned"
        ),
        train=TASK_DATA.format(task="{task}", lang=SOURCE, split="train"),
    output:
        **checkpoint(FINETUNED, "finetuned"),
        losses=f"{FINETUNED}/loss.csv",
    log:
        "results/logs/finetuned/{model}-{method}-{task}-seed{seed}.log",
    benchmark:
        "results/benchmarks/finetune/{model}-{method}-{task}-seed{seed}.tsv"
    wildcard_constraints:
        method="baseline|before-[^/]+",
    resources:
        **GPU,
        mem_mb=asking(3000, per_mb=6),
        runtime=asking(60, per_mb=0.1),
        processor=1,
        state_seconds=CONFIG.storage.state_seconds,
    params:
        code=script_digest("finetune"),
        settings=lambda wildcards: settings_of("finetuning", wildcards),
        precision=CONFIG.precision,
        dtype=CONFIG.storage.dtype,
    script:
        "../scripts/finetune.py"


# A rule of its own, so that no change of realignment reaches a baseline.
rule finetune_jointly:
    input:
        encoder=f"{MODEL}/manifest.json",
        weights=weights_of(f"{MODEL}/manifest.json"),
        train=TASK_DATA.format(task="{task}", lang=SOURCE, split="train"),
        bitext=expand(BITEXT, split="train", lang=CONFIG.realignment_languages),
        pairs=expand(PAIRS, aligner="{aligner}", split="train", lang=CONFIG.realignment_languages),
    output:
        **checkpoint(FINETUNED.replace("{method}", "during-{aligner}"), "finetuned"),
        losses=f"{FINETUNED}/loss.csv".replace("{method}", "during-{aligner}"),
    log:
        "results/logs/finetuned/{model}-during-{aligner}-{task}-seed{seed}.log",
    benchmark:
        "results/benchmarks/finetune_jointly/{model}-during-{aligner}-{task}-seed{seed}.tsv"
    resources:
        **GPU,
        mem_mb=asking(4000, per_mb=6),
        runtime=asking(60, per_mb=0.2),
        processor=1,
        state_seconds=CONFIG.storage.state_seconds,
    params:
        code=script_digest("finetune_jointly"),
        settings=lambda wildcards: settings_of("finetuning", wildcards),
        realignment=CONFIG.realignment.model_dump(
            exclude={"steps", "languages", "learning_rate", "micro_batch_size"}
        ),
        precision=CONFIG.precision,
        dtype=CONFIG.storage.dtype,
    script:
        "../scripts/finetune_jointly.py"
