# Realign: alignment and cross-lingual transfer of multilingual encoders, from bitext to the tables of a paper.

from snakemake.utils import min_version

min_version("9.27")


# A config file given on the command line replaces the default one, it is not merged into it.
if not workflow.overwrite_configfiles:

    configfile: "config.yaml"


report: "workflow/report/workflow.rst"


include: "workflow/rules/start.smk"
include: "workflow/rules/common.smk"
include: "workflow/rules/bitext.smk"
include: "workflow/rules/pairs.smk"
include: "workflow/rules/tasks.smk"
include: "workflow/rules/models.smk"
include: "workflow/rules/realigned.smk"
include: "workflow/rules/alignment.smk"
include: "workflow/rules/finetuned.smk"
include: "workflow/rules/scores.smk"
include: "workflow/rules/analysis.smk"


# What is taken from a shared cache has no benchmark, and Snakemake wants none of what it may put there.
for cacheable in workflow.rules:
    if cacheable.cache.output:
        cacheable._benchmark = None


rule all:
    default_target: True
    input:
        SUMMARIES,
        TABLES,
        FIGURES.values(),
        # a second Snakemake makes the report from files of this machine
        ["results/report.html"] * (not STORED),
