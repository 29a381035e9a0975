localrules:
    fetch_bitext,


rule prepare_bitext:
    input:
        lambda w: EXPERIMENT.locate.bitext(w.split, w.lang),
    output:
        PATHS.bitext,
    log:
        "results/logs/bitext/{split}-{lang}.log",
    benchmark:
        "results/benchmarks/prepare_bitext/{split}-{lang}.tsv"
    wildcard_constraints:
        split=EXPERIMENT.bitext_splits(hub=False),
    localrule: WITHOUT_STEP
    conda:
        "../../envs/text.yaml"
    resources:
        mem_mb=asking(2000),
        runtime=asking(5, per_mb=0.1),
        processor=1,
    params:
        code=digest("prepare_bitext"),
        settings=lambda w: EXPERIMENT.bitext_params(w.split, w.lang),
        identity=identity,
        sizes=sizes,
    script:
        "../scripts/prepare_bitext.py"


rule fetch_bitext:
    output:
        bitext=PATHS.raw_bitext,
        provenance=PATHS.raw_bitext.replace(".tsv", ".source.json"),
    log:
        "results/logs/raw_bitext/{split}-{lang}.log",
    benchmark:
        "results/benchmarks/fetch_bitext/{split}-{lang}.tsv"
    conda:
        "../../envs/text.yaml"
    params:
        code=lambda w: digest("fetch_bitext", *EXPERIMENT.bitext_modules(w.lang)),
        settings=lambda w: EXPERIMENT.bitext_params(w.split, w.lang),
        identity=identity,
    script:
        "../scripts/fetch_bitext.py"


rule tokenise_bitext:
    input:
        PATHS.raw_bitext,
    output:
        PATHS.bitext,
    log:
        "results/logs/bitext/{split}-{lang}.log",
    benchmark:
        "results/benchmarks/tokenise_bitext/{split}-{lang}.tsv"
    wildcard_constraints:
        split=EXPERIMENT.bitext_splits(hub=True),
    conda:
        "../../envs/text.yaml"
    threads: 4
    resources:
        mem_mb=asking(3000),
        runtime=asking(30, per_mb=0.5),
    params:
        code=digest("tokenise_bitext"),
        source_language=SOURCE,
        identity=identity,
    script:
        "../scripts/tokenise_bitext.py"
