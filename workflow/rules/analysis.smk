localrules:
    tabulate,
    correlate,
    realignment_gains,
    claims,
    alignment_change,
    mixed_effects,
    describe_models,
    typeset,
    draw,
    timeline,
    explore,
    report,


rule tabulate:
    input:
        scores=EXPERIMENT.all_scores(),
        alignment=EXPERIMENT.all_alignments(),
    output:
        scores="results/scores.csv",
        alignment="results/alignment.csv",
    log:
        "results/logs/tabulate.log",
    conda:
        "../../envs/text.yaml"
    params:
        code=digest("tabulate"),
        settings=EXPERIMENT.analysis_params(),
        starting_encoders=EXPERIMENT.starting_encoders(),
    script:
        "../scripts/tabulate.py"


rule correlate:
    input:
        scores="results/scores.csv",
        alignment="results/alignment.csv",
    output:
        "results/correlations.csv",
    log:
        "results/logs/correlate.log",
    conda:
        "../../envs/text.yaml"
    params:
        code=digest("correlate"),
        settings=EXPERIMENT.analysis_params(),
        statistics=CONFIG.analysis.model_dump(),
    script:
        "../scripts/correlate.py"


rule realignment_gains:
    input:
        EXPERIMENT.all_scores(),
    output:
        "results/realignment.csv",
    log:
        "results/logs/realignment_gains.log",
    conda:
        "../../envs/text.yaml"
    params:
        code=digest("realignment_gains"),
        settings=EXPERIMENT.analysis_params(),
        statistics=CONFIG.analysis.model_dump(),
    script:
        "../scripts/realignment_gains.py"


rule claims:
    input:
        scores="results/scores.csv",
        alignment="results/alignment.csv",
        models="results/models.csv",
    output:
        "results/claims.csv",
    log:
        "results/logs/claims.log",
    conda:
        "../../envs/text.yaml"
    params:
        code=digest("claims"),
        settings=EXPERIMENT.analysis_params(),
        statistics=CONFIG.analysis.model_dump(),
    script:
        "../scripts/claims.py"


rule alignment_change:
    input:
        scores="results/scores.csv",
        alignment="results/alignment.csv",
    output:
        "results/alignment_change.csv",
    log:
        "results/logs/alignment_change.log",
    conda:
        "../../envs/text.yaml"
    params:
        code=digest("alignment_change"),
        settings=EXPERIMENT.analysis_params(),
    script:
        "../scripts/alignment_change.py"


rule mixed_effects:
    input:
        scores="results/scores.csv",
        alignment="results/alignment.csv",
    output:
        "results/mixed_effects.csv",
    log:
        "results/logs/mixed_effects.log",
    conda:
        "../../envs/text.yaml"
    params:
        code=digest("mixed_effects"),
        settings=EXPERIMENT.analysis_params(),
        confidence=CONFIG.analysis.confidence,
    script:
        "../scripts/mixed_effects.py"


rule describe_models:
    input:
        manifests=expand(manifest(PATHS.model), model=sorted(CONFIG.models)),
        weights=expand(f"{PATHS.model}/model.safetensors", model=sorted(CONFIG.models)),
        config=expand(f"{PATHS.model}/config.json", model=sorted(CONFIG.models)),
        tokenizers=expand(
            f"{PATHS.model}/{{file}}",
            model=sorted(CONFIG.models),
            file=["tokenizer.json", "tokenizer_config.json"],
        ),
    output:
        "results/models.csv",
    log:
        "results/logs/describe_models.log",
    conda:
        "../../envs/models.yaml"
    params:
        code=digest("describe_models"),
        models=sorted(CONFIG.models),
    script:
        "../scripts/describe_models.py"


rule typeset:
    input:
        correlations="results/correlations.csv",
        alignment_change="results/alignment_change.csv",
        realignment="results/realignment.csv",
    output:
        **PAPER_TABLES,
    log:
        "results/logs/typeset.log",
    conda:
        "../../envs/text.yaml"
    params:
        code=digest("typeset"),
        confidence=CONFIG.analysis.confidence,
        labels=EXPERIMENT.labels,
        settings=EXPERIMENT.analysis_params(),
    script:
        "../scripts/typeset.py"


rule draw:
    input:
        models="results/models.csv",
        scores="results/scores.csv",
        alignment="results/alignment.csv",
        correlations="results/correlations.csv",
        realignment="results/realignment.csv",
    output:
        transfer=FIGURES["transfer"],
        layers=FIGURES["layers"],
        gain=FIGURES["gain"],
        summary=FIGURES["summary"],
    log:
        "results/logs/draw.log",
    conda:
        "../../envs/text.yaml"
    params:
        code=digest("draw"),
        style=CONFIG.figures.model_dump(),
        confidence=CONFIG.analysis.confidence,
        labels=EXPERIMENT.labels,
        settings=EXPERIMENT.analysis_params(),
    script:
        "../scripts/draw.py"


if PUBLISHED:

    rule compare_published:
        input:
            scores="results/scores.csv",
            published=PUBLISHED,
        output:
            "results/published.csv",
        log:
            "results/logs/compare_published.log",
        localrule: True
        conda:
            "../../envs/text.yaml"
        params:
            code=digest("compare_published"),
            names=EXPERIMENT.published_names(),
            confidence=CONFIG.analysis.confidence,
        script:
            "../scripts/compare_published.py"

    rule draw_published:
        input:
            "results/published.csv",
        output:
            FIGURES["published"],
        log:
            "results/logs/draw_published.log",
        localrule: True
        conda:
            "../../envs/text.yaml"
        params:
            code=digest("draw_published"),
            style=CONFIG.figures.model_dump(),
            confidence=CONFIG.analysis.confidence,
            labels=EXPERIMENT.labels,
        script:
            "../scripts/draw_published.py"


# Runs last, after every job with a benchmark. The benchmarks are not inputs, so that a lost one re-runs nothing.
rule timeline:
    input:
        "results/scores.csv",
        "results/alignment.csv",
        ["results/aligners.csv"] * bool(EXPERIMENT.judged),
    output:
        FIGURES["timeline"],
    log:
        "results/logs/timeline.log",
    conda:
        "../../envs/text.yaml"
    params:
        code=digest("timeline"),
        style=CONFIG.figures.model_dump(),
    script:
        "../scripts/timeline.py"


rule explore:
    input:
        scores="results/scores.csv",
        alignment="results/alignment.csv",
        realignment="results/realignment.csv",
        correlations="results/correlations.csv",
    output:
        "results/explore.html",
    log:
        "results/logs/explore.log",
    conda:
        "../../envs/text.yaml"
    params:
        code=digest("explore"),
        page=page_files("explore"),
        settings=EXPERIMENT.explorer_params(),
    script:
        "../scripts/explore.py"


rule report:
    input:
        [exhibit.files[0] for exhibit in EXPERIMENT.exhibits],
    output:
        "results/report.html",
    log:
        "results/logs/report.log",
    conda:
        "../../envs/text.yaml"
    params:
        code=digest("report"),
        page=page_files("report"),
        settings=EXPERIMENT.report_params(),
    script:
        "../scripts/report.py"
