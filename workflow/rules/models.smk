localrules:
    fetch_model,


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
        model=one_of(CONFIG.models, LabModel),
    cache: SHARED
    resources:
        mem_mb=asking(4000),
        runtime=asking(30),
    params:
        code=script_digest("prepare_lab_model"),
        identity=identity,
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
        model=one_of(CONFIG.models, ModelFiles),
    cache: SHARED
    resources:
        mem_mb=asking(2000, per_mb=3),
        runtime=asking(30),
    params:
        code=script_digest("prepare_files_model"),
        identity=identity,
        files=lambda wildcards, input: [Path(path).name for path in input],
    script:
        "../scripts/prepare_files_model.py"


rule fetch_model:
    output:
        **checkpoint(MODEL),
    log:
        "results/logs/models/{model}.log",
    benchmark:
        "results/benchmarks/fetch_model/{model}.tsv"
    wildcard_constraints:
        model=one_of(CONFIG.models, ModelHub),
    cache: SHARED_IF_PINNED
    params:
        code=script_digest("fetch_model"),
        identity=identity,
        name=lambda wildcards: CONFIG.models[wildcards.model].name,
        revision=lambda wildcards: CONFIG.models[wildcards.model].revision,
    script:
        "../scripts/fetch_model.py"
