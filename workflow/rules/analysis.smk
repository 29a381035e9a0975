localrules:
    tabulate,
    correlate,
    compare,
    change,
    draw,
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


rule draw:
    input:
        scores="results/scores.csv",
        alignment="results/alignment.csv",
        correlations="results/correlations.csv",
        realignment="results/realignment.csv",
    output:
        transfer=report(FIGURES["transfer"], "../report/transfer.rst", category="Figures"),
        layers=report(FIGURES["layers"], "../report/layers.rst", category="Figures"),
        gain=report(FIGURES["gain"], "../report/gain.rst", category="Figures"),
    log:
        "results/logs/draw.log",
    params:
        code=script_digest("draw"),
        style=CONFIG.figures.model_dump(),
        confidence=CONFIG.analysis.confidence,
        source_language=SOURCE,
    script:
        "../scripts/draw.py"


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
