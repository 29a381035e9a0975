rule align_dictionary:
    input:
        bitext=BITEXT,
        dictionary=lambda wildcards: LOCATE.dictionary(wildcards.lang),
    output:
        PAIRS.replace("{aligner}", "dictionary"),
    log:
        "results/logs/pairs/dictionary-{split}-{lang}.log",
    benchmark:
        "results/benchmarks/align_dictionary/{split}-{lang}.tsv"
    params:
        code=script_digest("align_dictionary"),
    script:
        "../scripts/align_dictionary.py"


# Held-out bitext is aligned along with the training bitext: a few lines alone have no statistics.
rule align_fastalign:
    input:
        bitext=BITEXT,
        context=lambda wildcards: [] if wildcards.split == "train" else BITEXT.replace("{split}", "train"),
    output:
        PAIRS.replace("{aligner}", "fastalign"),
    log:
        "results/logs/pairs/fastalign-{split}-{lang}.log",
    benchmark:
        "results/benchmarks/align_fastalign/{split}-{lang}.tsv"
    params:
        code=script_digest("align_fastalign"),
        settings=CONFIG.aligners.fastalign.model_dump(),
    script:
        "../scripts/align_fastalign.py"
