rule realign:
    input:
        unpack(lambda w: EXPERIMENT.realign_inputs(w.model, w.recipe)),
        encoder=manifest(PATHS.model),
        weights=weights_of(manifest(PATHS.model)),
    output:
        **checkpoint(PATHS.realigned, "realigned"),
        losses=f"{PATHS.realigned}/loss.csv",
        record=f"{PATHS.realigned}/run.json",
    log:
        "results/logs/realigned/{model}/{recipe}/seed{seed}.log",
    benchmark:
        "results/benchmarks/realign/{model}/{recipe}/seed{seed}.tsv"
    cache: SHARED_IF_PINNED and "realigned" in CONFIG.storage.keep
    priority: early(2, "realigned")
    conda:
        "../../envs/models.yaml"
    resources:
        **GPU,
        mem_mb=asking(3000, per_mb=6),
        runtime=asking(60, per_mb=0.1),
        processor=1,
        state_seconds=CONFIG.storage.state_seconds,
    params:
        code=lambda w: digest("realign", *EXPERIMENT.realign_modules(w.model, w.recipe)),
        settings=lambda w: EXPERIMENT.realign_params(w.model, w.recipe),
        precision=CONFIG.precision,
        dtype=CONFIG.storage.dtype,
        identity=identity,
        contents=contents,
    script:
        "../scripts/realign.py"
