rule realign:
    input:
        encoder=f"{MODEL}/manifest.json",
        bitext=expand(BITEXT, split="train", lang=CONFIG.realignment_languages),
        pairs=expand(PAIRS, aligner="{aligner}", split="train", lang=CONFIG.realignment_languages),
    output:
        **checkpoint(REALIGNED),
        losses=f"{REALIGNED}/loss.csv",
    log:
        "results/logs/realigned/{model}-{aligner}-{steps}-seed{seed}.log",
    benchmark:
        "results/benchmarks/realign/{model}-{aligner}-{steps}-seed{seed}.tsv"
    resources:
        mem_mb=3000,
        processor=lambda wildcards, threads: threads,
    params:
        code=script_digest("realign"),
        settings=lambda wildcards: {
            key: value
            for key, value in learning_rate("realignment", wildcards.model).items()
            if key not in ("steps", "languages", "coefficient")
        },
        precision=CONFIG.precision,
    script:
        "../scripts/realign.py"
