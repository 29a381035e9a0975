localrules:
    tabulate,
    correlate,
    compare,
    change,
    mix,
    describe,
    typeset,
    draw,
    timeline,
    report,


rule tabulate:
    input:
        scores=all_scores(),
        alignment=all_alignments(),
    output:
        scores=report("results/scores.csv", "../report/scores.rst", category="Tables"),
        alignment=report("results/alignment.csv", "../report/alignment.rst", category="Tables"),
    log:
        "results/logs/tabulate.log",
    params:
        code=script_digest("tabulate"),
        source_language=SOURCE,
        steps_of_task=STEPS_OF_TASK,
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
        code=script_digest("correlate"),
        settings=CONFIG.analysis.model_dump(),
    script:
        "../scripts/correlate.py"


rule compare:
    input:
        all_scores(),
    output:
        report("results/realignment.csv", "../report/realignment.rst", category="Answers"),
    log:
        "results/logs/compare.log",
    params:
        code=script_digest("compare"),
        settings=CONFIG.analysis.model_dump(),
        source_language=SOURCE,
    script:
        "../scripts/compare.py"


rule change:
    input:
        scores="results/scores.csv",
        alignment="results/alignment.csv",
    output:
        report("results/alignment_change.csv", "../report/alignment_change.rst", category="Answers"),
    log:
        "results/logs/change.log",
    params:
        code=script_digest("change"),
    script:
        "../scripts/change.py"


rule mix:
    input:
        scores="results/scores.csv",
        alignment="results/alignment.csv",
    output:
        report("results/mixed_effects.csv", "../report/mixed_effects.rst", category="Answers"),
    log:
        "results/logs/mix.log",
    params:
        code=script_digest("mix"),
        confidence=CONFIG.analysis.confidence,
    script:
        "../scripts/mix.py"


rule describe:
    input:
        manifests=expand(f"{MODEL}/manifest.json", model=sorted(CONFIG.models)),
        weights=expand(f"{MODEL}/model.safetensors", model=sorted(CONFIG.models)),
        config=expand(f"{MODEL}/config.json", model=sorted(CONFIG.models)),
    output:
        report("results/models.csv", "../report/models.rst", category="Tables"),
    log:
        "results/logs/describe.log",
    params:
        code=script_digest("describe"),
        models=sorted(CONFIG.models),
    script:
        "../scripts/describe.py"


rule typeset:
    input:
        correlations="results/correlations.csv",
        alignment_change="results/alignment_change.csv",
        realignment="results/realignment.csv",
    output:
        **{name: multiext(f"results/tables/{name}", ".csv", ".tex") for name in LAYOUTS},
    log:
        "results/logs/typeset.log",
    params:
        code=script_digest("typeset"),
        confidence=CONFIG.analysis.confidence,
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
        transfer=report(FIGURES["transfer"], "../report/transfer.rst", category="Figures"),
        layers=report(FIGURES["layers"], "../report/layers.rst", category="Figures"),
        gain=report(FIGURES["gain"], "../report/gain.rst", category="Figures"),
        summary=report(FIGURES["summary"], "../report/summary.rst", category="Figures"),
    log:
        "results/logs/draw.log",
    params:
        code=script_digest("draw"),
        style=CONFIG.figures.model_dump(),
        confidence=CONFIG.analysis.confidence,
        source_language=SOURCE,
    script:
        "../scripts/draw.py"


# Last of all, when every job with a benchmark is done; the benchmarks are no inputs, so that losing one runs nothing.
rule timeline:
    input:
        "results/scores.csv",
        "results/alignment.csv",
        ["results/aligners.csv"] * bool(JUDGED),
    output:
        report(FIGURES["timeline"], "../report/timeline.rst", category="Run"),
    log:
        "results/logs/timeline.log",
    params:
        code=script_digest("timeline"),
        style=CONFIG.figures.model_dump(),
    script:
        "../scripts/timeline.py"


# Snakemake's own report, made by a second Snakemake over what the first has finished.
rule report:
    input:
        SUMMARIES,
        FIGURES.values(),
    output:
        "results/report.html",
    log:
        "results/logs/report.log",
    params:
        python=sys.executable,
        snakefile=lambda wildcards: workflow.main_snakefile,
        configfiles=lambda wildcards: configfile_option(),
    shell:
        "REALIGN_REPORT=1 {params.python} -m snakemake --snakefile {params.snakefile:q} {params.configfiles}"
        " --report {output} {input} > {log} 2>&1"
