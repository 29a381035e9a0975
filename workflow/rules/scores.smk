rule score:
    input:
        unpack(held_out),
        model=f"{FINETUNED}/manifest.json",
        weights=weights_of(f"{FINETUNED}/manifest.json", "finetuned"),
        test=TASK_DATA.replace("{split}", "test"),
    output:
        SCORE,
    log:
        "results/logs/scores/{model}-{method}-{task}-seed{seed}-{lang}.log",
    benchmark:
        "results/benchmarks/score/{model}-{method}-{task}-seed{seed}-{lang}.tsv"
    resources:
        **GPU,
        mem_mb=asking(3000, per_mb=2),
        runtime=asking(5, per_mb=0.003),
        processor=1,
    params:
        code=script_digest("score"),
        settings=CONFIG.measurement.model_dump(),
        precision=CONFIG.precision,
        source_language=SOURCE,
    script:
        "../scripts/score.py"
