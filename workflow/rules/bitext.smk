rule prepare_bitext:
    input:
        lambda wildcards: LOCATE.bitext(wildcards.split, wildcards.lang),
    output:
        BITEXT,
    params:
        code=script_digest("prepare_bitext"),
    log:
        "results/logs/bitext/{split}-{lang}.log",
    script:
        "../scripts/prepare_bitext.py"
