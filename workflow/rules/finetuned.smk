rule finetune:
    input:
        encoder=lambda w: EXPERIMENT.encoder(w.model, w.variant, w.task, w.seed),
        weights=lambda w: weights_of(
            EXPERIMENT.encoder(w.model, w.variant, w.task, w.seed),
            EXPERIMENT.starting_kind(w.variant),
        ),
        train=PATHS.examples.format(task="{task}", lang=SOURCE, split="train"),
    output:
        **checkpoint(PATHS.finetuned, "finetuned"),
        losses=f"{PATHS.finetuned}/loss.csv",
    log:
        "results/logs/finetuned/{model}/{variant}/{task}/seed{seed}.log",
    benchmark:
        "results/benchmarks/finetune/{model}/{variant}/{task}/seed{seed}.tsv"
    wildcard_constraints:
        variant=EXPERIMENT.variants_that(join=False),
    priority: early(1, "finetuned")
    conda:
        "../../envs/models.yaml"
    resources:
        **GPU,
        mem_mb=asking(3000, per_mb=6),
        runtime=asking(60, per_mb=0.1),
        processor=1,
        state_seconds=CONFIG.storage.state_seconds,
    params:
        code=lambda w: digest("finetune", *EXPERIMENT.finetune_modules(w.task)),
        settings=lambda w: EXPERIMENT.finetune_params(w.model, w.task),
        method=lambda w: EXPERIMENT.variants[w.variant].method.name,
        precision=CONFIG.precision,
        dtype=CONFIG.storage.dtype,
    script:
        "../scripts/finetune.py"


# A separate rule, so that a change to realignment does not re-run the baseline.
rule finetune_jointly:
    input:
        unpack(lambda w: EXPERIMENT.joint_inputs(w.variant)),
        encoder=lambda w: EXPERIMENT.encoder(w.model, w.variant, w.task, w.seed),
        weights=lambda w: weights_of(
            EXPERIMENT.encoder(w.model, w.variant, w.task, w.seed),
            EXPERIMENT.starting_kind(w.variant),
        ),
        train=PATHS.examples.format(task="{task}", lang=SOURCE, split="train"),
    output:
        **checkpoint(PATHS.finetuned, "finetuned"),
        losses=f"{PATHS.finetuned}/loss.csv",
    log:
        "results/logs/finetuned/{model}/{variant}/{task}/seed{seed}.log",
    benchmark:
        "results/benchmarks/finetune_jointly/{model}/{variant}/{task}/seed{seed}.tsv"
    wildcard_constraints:
        variant=EXPERIMENT.variants_that(join=True),
    priority: early(1, "finetuned")
    conda:
        "../../envs/models.yaml"
    resources:
        **GPU,
        mem_mb=asking(4000, per_mb=6),
        runtime=asking(60, per_mb=0.2),
        processor=1,
        state_seconds=CONFIG.storage.state_seconds,
    params:
        code=lambda w: digest("finetune_jointly", *EXPERIMENT.joint_modules(w.variant, w.task)),
        settings=lambda w: EXPERIMENT.finetune_params(w.model, w.task),
        realignment=lambda w: EXPERIMENT.joint_params(w.variant),
        gradient_cosine=lambda w: EXPERIMENT.gradient_cosine(w.variant),
        method=lambda w: EXPERIMENT.variants[w.variant].method.name,
        precision=CONFIG.precision,
        dtype=CONFIG.storage.dtype,
    script:
        "../scripts/finetune_jointly.py"
