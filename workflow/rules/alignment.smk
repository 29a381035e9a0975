rule measure_pretrained:
    input:
        unpack(lambda w: EXPERIMENT.measured_bitext(w.lang)),
        encoder=manifest(PATHS.model),
        weights=weights_of(manifest(PATHS.model)),
    output:
        PATHS.pretrained_alignment,
    log:
        "results/logs/alignment/{model}/pretrained/{lang}.log",
    benchmark:
        "results/benchmarks/measure_pretrained/{model}/{lang}.tsv"
    localrule: WITHOUT_STEP
    conda:
        "../../envs/models.yaml"
    resources:
        **GPU,
        mem_mb=asking(3000, per_mb=2),
        runtime=asking(5, per_mb=0.003),
        processor=1,
    params:
        code=digest("measure", *EXPERIMENT.measure_modules()),
        settings=EXPERIMENT.measure_params(),
        precision=CONFIG.precision,
    script:
        "../scripts/measure.py"


use rule measure_pretrained as measure_realigned with:
    input:
        unpack(lambda w: EXPERIMENT.measured_bitext(w.lang)),
        encoder=manifest(PATHS.realigned),
        weights=weights_of(manifest(PATHS.realigned), "realigned"),
    output:
        PATHS.realigned_alignment,
    log:
        "results/logs/alignment/{model}/{recipe}/seed{seed}/{lang}.log",
    benchmark:
        "results/benchmarks/measure_realigned/{model}/{recipe}/seed{seed}/{lang}.tsv"
    localrule: WITHOUT_STEP
