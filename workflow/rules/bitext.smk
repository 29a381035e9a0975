localrules:
    fetch_bitext,


HUB_BITEXT = isinstance(CONFIG.bitext, BitextHub)


rule prepare_bitext:
    input:
        lambda wildcards: LOCATE.bitext(wildcards.split, wildcards.lang),
    output:
        BITEXT,
    log:
        "results/logs/bitext/{split}-{lang}.log",
    benchmark:
        "results/benchmarks/prepare_bitext/{split}-{lang}.tsv"
    wildcard_constraints:
        split="gold" if HUB_BITEXT else "train|test|gold",
    resources:
        mem_mb=asking(2000),
        runtime=asking(5, per_mb=0.1),
        processor=1,
    params:
        code=script_digest("prepare_bitext"),
        identity=identity,
        sizes=sizes,
    script:
        "../scripts/prepare_bitext.py"


rule fetch_bitext:
    output:
        bitext=RAW_BITEXT,
        provenance=RAW_BITEXT.replace(".tsv", ".source.json"),
    log:
        "results/logs/raw_bitext/{split}-{lang}.log",
    benchmark:
        "results/benchmarks/fetch_bitext/{split}-{lang}.tsv"
    params:
        code=script_digest("fetch_bitext"),
        identity=identity,
        source_language=SOURCE,
        revision=getattr(CONFIG.bitext, "revision", None),
        max_pairs=getattr(CONFIG.bitext, "max_pairs", None),
    script:
        "../scripts/fetch_bitext.py"


rule tokenise_bitext:
    input:
        RAW_BITEXT,
    output:
        BITEXT,
    log:
        "results/logs/bitext/{split}-{lang}.log",
    benchmark:
        "results/benchmarks/tokenise_bitext/{split}-{lang}.tsv"
    wildcard_constraints:
        split="train|test" if HUB_BITEXT else "none",
    threads: 4
    resources:
        mem_mb=asking(3000),
        runtime=asking(30, per_mb=0.5),
    params:
        code=script_digest("tokenise_bitext"),
        identity=identity,
        source_language=SOURCE,
    script:
        "../scripts/tokenise_bitext.py"
