# Comparisons between measures of alignment, between methods that differ by one number, and between gradients.


localrules:
    compare_measures,
    draw_predictors,


rule compare_measures:
    input:
        scores="results/scores.csv",
        alignment="results/alignment.csv",
    output:
        "results/predictors.csv",
    log:
        "results/logs/compare_measures.log",
    conda:
        "../../envs/text.yaml"
    params:
        code=digest("compare_measures"),
        settings=EXPERIMENT.analysis_params(),
        statistics=CONFIG.analysis.model_dump(),
    script:
        "../scripts/compare_measures.py"


rule draw_predictors:
    input:
        "results/predictors.csv",
    output:
        FIGURES["predictors"],
    log:
        "results/logs/draw_predictors.log",
    conda:
        "../../envs/text.yaml"
    params:
        code=digest("draw_predictors"),
        style=CONFIG.figures.model_dump(),
        confidence=CONFIG.analysis.confidence,
        measures=EXPERIMENT.measures,
    script:
        "../scripts/draw_predictors.py"


if EXPERIMENT.curves:

    rule tabulate_curves:
        input:
            realignment="results/realignment.csv",
            alignment_change="results/alignment_change.csv",
        output:
            "results/curves.csv",
        log:
            "results/logs/tabulate_curves.log",
        localrule: True
        conda:
            "../../envs/text.yaml"
        params:
            code=digest("tabulate_curves"),
            curves=[curve.params() for curve in EXPERIMENT.curves],
            measure=EXPERIMENT.measures[0],
        script:
            "../scripts/tabulate_curves.py"

    rule draw_curves:
        input:
            "results/curves.csv",
        output:
            FIGURES["curves"],
        log:
            "results/logs/draw_curves.log",
        localrule: True
        conda:
            "../../envs/text.yaml"
        params:
            code=digest("draw_curves"),
            style=CONFIG.figures.model_dump(),
            source_language=SOURCE,
            measure=EXPERIMENT.measures[0],
        script:
            "../scripts/draw_curves.py"


if EXPERIMENT.gradient_logs:

    rule tabulate_gradients:
        input:
            [path for *_, path in EXPERIMENT.gradient_logs],
        output:
            "results/gradients.csv",
        log:
            "results/logs/tabulate_gradients.log",
        localrule: True
        conda:
            "../../envs/text.yaml"
        params:
            code=digest("tabulate_gradients"),
            runs=[about for *about, _ in EXPERIMENT.gradient_logs],
        script:
            "../scripts/tabulate_gradients.py"

    rule draw_gradients:
        input:
            "results/gradients.csv",
        output:
            FIGURES["gradients"],
        log:
            "results/logs/draw_gradients.log",
        localrule: True
        conda:
            "../../envs/text.yaml"
        params:
            code=digest("draw_gradients"),
            style=CONFIG.figures.model_dump(),
            labels=EXPERIMENT.labels,
        script:
            "../scripts/draw_gradients.py"
