rule prepare_lab_model:
    input:
        vocabulary=lambda wildcards: (
            str(LAB / "vocabulary.txt") if CONFIG.models[wildcards.model].trim_to == "lab" else []
        ),
    output:
        **checkpoint(MODEL),
    log:
        "results/logs/models/{model}.log",
    benchmark:
        "results/benchmarks/prepare_model/{model}.tsv"
    wildcard_constraints:
        model="|".join(LAB_MODELS) or "none",
    params:
        code=script_digest("prepare_lab_model"),
        layers=lambda wildcards: CONFIG.models[wildcards.model].layers,
    script:
        "../scripts/prepare_lab_model.py"


rule prepare_files_model:
    input:
        lambda wildcards: sorted(
            str(path) for path in Path(CONFIG.models[wildcards.model].path).glob("*") if path.is_file()
        ),
    output:
        **checkpoint(MODEL),
    log:
        "results/logs/models/{model}.log",
    benchmark:
        "results/benchmarks/prepare_model/{model}.tsv"
    wildcard_constraints:
        model="|".join(FILES_MODELS) or "none",
    params:
        code=script_digest("prepare_files_model"),
        path=lambda wildcards: CONFIG.models[wildcards.model].path,
    script:
        "../scripts/prepare_files_model.py"
