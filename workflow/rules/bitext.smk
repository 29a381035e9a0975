rule prepare_bitext:
    input:
        lambda wildcards: LOCATE.bitext(wildcards.split, wildcards.lang),
    output:
        BITEXT,
    log:
        "results/logs/bitext/{split}-{lang}.log",
    benchmark:
        "results/benchmarks/prepare_bitext/{split}-{lang}.tsv"
    params:
        code=script_digest("prepare_bitext"),
    script:
        "../scripts/prepare_bitext.py"
