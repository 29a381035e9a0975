rule realign:
    input:
        encoder=f"{MODEL}/manifest.json",
        weights=weights_of(f"{MODEL}/manifest.json"),
        bitext=expand(BITEXT, split="train", lang=CONFIG.realignment_languages),
        pairs=expand(PAIRS, aligner="{aligner}", split="train", lang=CONFIG.realignment_languages),
    output:
        **checkpoint(REALIGNED, "realigned"),
        losses=f"{REALIGNED}/loss.csv",
        record=f"{REALIGNED}/run.json",
    log:
        "results/logs/realigned/{model}-{aligner}-{steps}-seed{seed}.log",
    benchmark:
        "results/benchmarks/realign/{model}-{aligner}-{steps}-seed{seed}.tsv"
    cache: SHARED_IF_PINNED and "realigned" in CONFIG.storage.keep
    resources:
        **GPU,
        mem_mb=asking(3000, per_mb=6),
        runtime=asking(60, per_mb=0.1),
        processor=1,
        state_seconds=CONFIG.storage.state_seconds,
    params:
        code=script_digest("realign"),
        identity=identity,
        contents=contents,
        settings=lambda wildcards: {
            key: value
            for key, value in settings_of("realignment", wildcards).items()
            if key not in ("steps", "languages", "coefficient")
        },
        precision=CONFIG.precision,
        dtype=CONFIG.storage.dtype,
    script:
        "../scripts/realign.py"
