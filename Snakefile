# Realign: alignment and cross-lingual transfer of multilingual encoders, from bitext to the tables of a paper.

from snakemake.utils import min_version

min_version("9.27")


include: "workflow/rules/start.smk"
include: "workflow/rules/common.smk"
include: "workflow/rules/bitext.smk"
include: "workflow/rules/links.smk"
include: "workflow/rules/tasks.smk"
include: "workflow/rules/models.smk"
include: "workflow/rules/realigned.smk"
include: "workflow/rules/alignment.smk"
include: "workflow/rules/finetuned.smk"
include: "workflow/rules/scores.smk"
include: "workflow/rules/analysis.smk"
include: "workflow/rules/comparisons.smk"


# Snakemake does not allow benchmarks for rules whose output may come from a shared cache.
for cacheable in workflow.rules:
    if cacheable.cache.output:
        cacheable._benchmark = None


rule all:
    default_target: True
    input:
        TABLES.values(),
        PAPER_TABLES.values(),
        FIGURES.values(),
        "results/report.html",
        "results/explore.html",
