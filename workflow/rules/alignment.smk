rule measure_pretrained:
    input:
        encoder=f"{MODEL}/manifest.json",
        weights=weights_of(f"{MODEL}/manifest.json"),
        bitext=MEASURED_BITEXT,
        pairs=MEASURED_PAIRS,
    output:
        PRETRAINED_ALIGNMENT,
    log:
        "results/logs/alignment/{model}-pretrained-{lang}.log",
    benchmark:
        "results/benchmarks/measure_pretrained/{model}-{lang}.tsv"
    resources:
        **GPU,
        mem_mb=asking(3000, per_mb=2),
        runtime=asking(5, per_mb=0.003),
        processor=1,
    params:
        code=script_digest("measure"),
        settings=CONFIG.measurement.model_dump(),
        precision=CONFIG.precision,
    script:
        "../scripts/measure.py"


use rule measure_pretrained as measure_realigned with:
    input:
        encoder=f"{REALIGNED}/manifest.json",
        weights=weights_of(f"{REALIGNED}/manifest.json", "realigned"),
        bitext=MEASURED_BITEXT,
        pairs=MEASURED_PAIRS,
    output:
        REALIGNED_ALIGNMENT,
    log:
        "results/logs/alignment/{model}-{aligner}-{steps}-seed{seed}-{lang}.log",
    benchmark:
        "results/benchmarks/measure_realigned/{model}-{aligner}-{steps}-seed{seed}-{lang}.tsv"
