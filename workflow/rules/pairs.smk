localrules:
    fetch_dictionary,
    judge,


rule fetch_dictionary:
    output:
        dictionary=DICTIONARY,
        provenance=DICTIONARY.replace(".txt", ".source.json"),
    log:
        "results/logs/dictionaries/{lang}.log",
    benchmark:
        "results/benchmarks/fetch_dictionary/{lang}.tsv"
    params:
        code=script_digest("fetch_dictionary"),
        url=lambda wildcards: CONFIG.aligners.dictionary.url.format(source=SOURCE, lang=wildcards.lang),
        sha256=lambda wildcards: CONFIG.aligners.dictionary.sha256.get(wildcards.lang),
    script:
        "../scripts/fetch_dictionary.py"


rule align_dictionary:
    input:
        bitext=BITEXT,
        dictionary=lambda wildcards: dictionary_of(wildcards.lang),
    output:
        PAIRS.replace("{aligner}", "dictionary"),
    log:
        "results/logs/pairs/dictionary-{split}-{lang}.log",
    benchmark:
        "results/benchmarks/align_dictionary/{split}-{lang}.tsv"
    cache: SHARED_IF_PINNED
    resources:
        mem_mb=asking(2000),
        runtime=asking(5, per_mb=0.1),
        processor=1,
    params:
        code=script_digest("align_dictionary"),
        identity=identity,
        contents=contents,
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
    cache: SHARED_IF_PINNED
    threads: 2
    resources:
        mem_mb=asking(2000, per_mb=10),
        runtime=asking(30, per_mb=1),
    params:
        code=script_digest("align_fastalign"),
        identity=identity,
        contents=contents,
        settings=CONFIG.aligners.fastalign.model_dump(),
    script:
        "../scripts/align_fastalign.py"


rule align_awesome:
    input:
        bitext=BITEXT,
        encoder=f"{MODEL}/manifest.json".format(model=CONFIG.aligners.awesome.model),
        weights=weights_of(f"{MODEL}/manifest.json".format(model=CONFIG.aligners.awesome.model)),
    output:
        PAIRS.replace("{aligner}", "awesome"),
    log:
        "results/logs/pairs/awesome-{split}-{lang}.log",
    benchmark:
        "results/benchmarks/align_awesome/{split}-{lang}.tsv"
    cache: SHARED_IF_PINNED
    resources:
        **GPU,
        mem_mb=asking(3000, per_mb=2),
        runtime=asking(240, per_mb=0.2),
        processor=1,
    params:
        code=script_digest("align_awesome"),
        identity=identity,
        contents=contents,
        settings=CONFIG.aligners.awesome.model_dump(exclude={"model"}),
        precision=CONFIG.precision,
    script:
        "../scripts/align_awesome.py"


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
