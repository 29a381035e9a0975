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


# Held-out and hand-linked bitext is aligned along with the training bitext: a few lines alone have no statistics.
rule align_fastalign:
    input:
        bitext=BITEXT,
        context=lambda wildcards: [BITEXT.format(split="train", lang=wildcards.lang)]
        * (wildcards.split != "train"),
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


localrules:
    judge,


rule judge:
    input:
        bitext=[BITEXT.format(split="gold", lang=lang) for aligner, lang in JUDGED],
        pairs=[PAIRS.format(aligner=aligner, split="gold", lang=lang) for aligner, lang in JUDGED],
        gold=[LOCATE.gold_links(lang) for aligner, lang in JUDGED],
    output:
        report("results/aligners.csv", "../report/aligners.rst", category="Tables"),
    log:
        "results/logs/judge.log",
    params:
        code=script_digest("judge"),
        judged=JUDGED,
    script:
        "../scripts/judge.py"
