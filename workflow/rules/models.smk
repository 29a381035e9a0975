localrules:
    fetch_model,


rule prepare_lab_model:
    input:
        unpack(lambda w: EXPERIMENT.lab_model_inputs(w.model)),
    output:
        **checkpoint(PATHS.model),
    log:
        "results/logs/models/{model}.log",
    benchmark:
        "results/benchmarks/prepare_model/{model}.tsv"
    wildcard_constraints:
        model=EXPERIMENT.models_from(LabEncoder),
    cache: SHARED
    conda:
        "../../envs/models.yaml"
    resources:
        mem_mb=asking(4000),
        runtime=asking(30),
    params:
        code=digest("prepare_lab_model"),
        settings=lambda w: EXPERIMENT.model_params(w.model),
        identity=identity,
    script:
        "../scripts/prepare_lab_model.py"


rule prepare_files_model:
    input:
        lambda w: sorted(
            str(path) for path in Path(CONFIG.encoders[w.model].path).glob("*") if path.is_file()
        ),
    output:
        **checkpoint(PATHS.model),
    log:
        "results/logs/models/{model}.log",
    benchmark:
        "results/benchmarks/prepare_model/{model}.tsv"
    wildcard_constraints:
        model=EXPERIMENT.models_from(FilesEncoder),
    cache: SHARED
    conda:
        "../../envs/models.yaml"
    resources:
        mem_mb=asking(2000, per_mb=3),
        runtime=asking(30),
    params:
        code=digest("prepare_files_model"),
        files=lambda w, input: [Path(path).name for path in input],
        settings=lambda w: EXPERIMENT.model_params(w.model),
        identity=identity,
    script:
        "../scripts/prepare_files_model.py"


rule fetch_model:
    output:
        **checkpoint(PATHS.model),
    log:
        "results/logs/models/{model}.log",
    benchmark:
        "results/benchmarks/fetch_model/{model}.tsv"
    wildcard_constraints:
        model=EXPERIMENT.models_from(HubEncoder),
    cache: SHARED_IF_PINNED
    conda:
        "../../envs/models.yaml"
    params:
        code=digest("fetch_model"),
        settings=lambda w: EXPERIMENT.model_params(w.model),
        identity=identity,
    script:
        "../scripts/fetch_model.py"
