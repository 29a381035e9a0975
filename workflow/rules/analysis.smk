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
    compare_published,
    draw_published,
    timeline,
    report,


rule tabulate:
    input:
        scores=EXPERIMENT.all_scores(),
        alignment=EXPERIMENT.all_alignments(),
    output:
        scores=report("results/scores.csv", "../report/scores.rst", category="Tables"),
        alignment=report("results/alignment.csv", "../report/alignment.rst", category="Tables"),
    log:
        "results/logs/tabulate.log",
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
        report("results/correlations.csv", "../report/correlations.rst", category="Answers"),
    log:
        "results/logs/correlate.log",
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
        report("results/realignment.csv", "../report/realignment.rst", category="Answers"),
    log:
        "results/logs/realignment_gains.log",
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
        report("results/claims.csv", "../report/claims.rst", category="Answers"),
    log:
        "results/logs/claims.log",
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
        report("results/alignment_change.csv", "../report/alignment_change.rst", category="Answers"),
    log:
        "results/logs/alignment_change.log",
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
        report("results/mixed_effects.csv", "../report/mixed_effects.rst", category="Answers"),
    log:
        "results/logs/mixed_effects.log",
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
        report("results/models.csv", "../report/models.rst", category="Tables"),
    log:
        "results/logs/describe_models.log",
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
        **{name: multiext(f"results/tables/{name}", ".csv", ".tex") for name in PAPER_TABLES},
    log:
        "results/logs/typeset.log",
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
        transfer=report(FIGURE_FILES["transfer"], "../report/transfer.rst", category="Figures"),
        layers=report(FIGURE_FILES["layers"], "../report/layers.rst", category="Figures"),
        gain=report(FIGURE_FILES["gain"], "../report/gain.rst", category="Figures"),
        summary=report(FIGURE_FILES["summary"], "../report/summary.rst", category="Figures"),
    log:
        "results/logs/draw.log",
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
            report("results/published.csv", "../report/published.rst", category="Published"),
        log:
            "results/logs/compare_published.log",
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
            report(FIGURE_FILES["published"], "../report/published_figure.rst", category="Published"),
        log:
            "results/logs/draw_published.log",
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
        report(FIGURE_FILES["timeline"], "../report/timeline.rst", category="Run"),
    log:
        "results/logs/timeline.log",
    params:
        code=digest("timeline"),
        style=CONFIG.figures.model_dump(),
    script:
        "../scripts/timeline.py"


# Snakemake's own report, made by a second Snakemake from what the first has finished.
rule report:
    input:
        SUMMARY_FILES,
        FIGURE_FILES.values(),
    output:
        "results/report.html",
    log:
        "results/logs/report.log",
    params:
        python=sys.executable,
        snakefile=lambda w: workflow.main_snakefile,
        configfiles=lambda w: configfile_option(),
    shell:
        "REALIGN_REPORT=1 {params.python:q} -m snakemake --snakefile {params.snakefile:q} {params.configfiles}"
        " --report {output} {input} > {log} 2>&1"
