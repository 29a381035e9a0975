# Comparisons between the entries of one key of the config: measures of alignment.


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
    params:
        code=digest("draw_predictors"),
        style=CONFIG.figures.model_dump(),
        confidence=CONFIG.analysis.confidence,
        measures=EXPERIMENT.measures,
    script:
        "../scripts/draw_predictors.py"
