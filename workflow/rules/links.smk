localrules:
    fetch_dictionary,
    judge_aligners,


rule fetch_dictionary:
    output:
        dictionary=PATHS.dictionary,
        provenance=PATHS.dictionary.replace(".txt", ".source.json"),
    log:
        "results/logs/dictionaries/{lang}.log",
    benchmark:
        "results/benchmarks/fetch_dictionary/{lang}.tsv"
    conda:
        "../../envs/text.yaml"
    params:
        code=digest("fetch_dictionary"),
        settings=lambda w: EXPERIMENT.dictionary_params(w.lang),
    script:
        "../scripts/fetch_dictionary.py"


# One rule for each aligner in the registry, `align_<aligner>`.
for row in ALIGNERS:

    rule:
        name:
            f"align_{row.name}"
        input:
            unpack(lambda w, row=row: EXPERIMENT.aligner_inputs(row, w.split, w.lang)),
            bitext=PATHS.bitext,
            weights=(
                weights_of(manifest(PATHS.model.format(model=EXPERIMENT.aligner_model(row))))
                if row.encoder
                else []
            ),
        output:
            PATHS.links,
        log:
            "results/logs/links/{aligner}-{split}-{lang}.log",
        benchmark:
            f"results/benchmarks/align_{row.name}/{{aligner}}-{{split}}-{{lang}}.tsv"
        wildcard_constraints:
            aligner=re.escape(row.name),
        cache: SHARED_IF_PINNED
        localrule: WITHOUT_STEP and row.threads == 1
        conda:
            ("../../envs/models.yaml" if row.encoder else "../../envs/text.yaml")
        threads: row.threads
        resources:
            **(GPU if row.encoder else {}),
            **({"processor": 1} if row.threads == 1 else {}),
            mem_mb=asking(*row.memory),
            runtime=asking(*row.minutes),
        params:
            code=digest("align", row.module),
            aligner=EXPERIMENT.aligner_params(row),
            precision=CONFIG.precision if row.encoder else None,
            gpu=row.encoder,
            identity=identity,
            contents=contents,
        script:
            "../scripts/align.py"


rule judge_aligners:
    input:
        bitext=[PATHS.bitext.format(split="gold", lang=lang) for _, lang in EXPERIMENT.judged],
        links=[
            PATHS.links.format(aligner=aligner, split="gold", lang=lang)
            for aligner, lang in EXPERIMENT.judged
        ],
        gold=[EXPERIMENT.locate.gold_links(lang) for _, lang in EXPERIMENT.judged],
    output:
        "results/aligners.csv",
    log:
        "results/logs/judge_aligners.log",
    conda:
        "../../envs/text.yaml"
    params:
        code=digest("judge_aligners"),
        judged=EXPERIMENT.judged,
    script:
        "../scripts/judge_aligners.py"
