rule score:
    input:
        unpack(lambda w: EXPERIMENT.measured_bitext(w.lang)),
        model=manifest(PATHS.finetuned),
        weights=weights_of(manifest(PATHS.finetuned), "finetuned"),
        test=PATHS.examples.replace("{split}", "test"),
    output:
        PATHS.score,
    log:
        "results/logs/scores/{model}/{variant}/{task}/seed{seed}/{lang}.log",
    benchmark:
        "results/benchmarks/score/{model}/{variant}/{task}/seed{seed}/{lang}.tsv"
    localrule: WITHOUT_STEP
    conda:
        "../../envs/models.yaml"
    resources:
        **GPU,
        mem_mb=asking(3000, per_mb=2),
        runtime=asking(5, per_mb=0.003),
        processor=1,
    params:
        code=lambda w: digest("score", *EXPERIMENT.score_modules(w.task)),
        settings=lambda w: EXPERIMENT.score_params(w.variant, w.task),
        precision=CONFIG.precision,
    script:
        "../scripts/score.py"
