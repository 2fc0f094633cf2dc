# In-context kernel regression, from prompts to the PDF.
# Read `snakemake --list-rules` as the table of contents, docs/architecture.md for what each file holds.

from snakemake.utils import min_version

min_version("9.27")


include: "workflow/rules/common.smk"
include: "workflow/rules/hooks.smk"
include: "workflow/rules/sizes.smk"


report: "workflow/report/workflow.rst"


pathvars:
    results=RESULTS,
    logs=f"logs/{experiment.scale}",
    benchmarks=f"{RESULTS}/benchmarks",


rule all:
    """Everything: the paper, every figure and every table."""
    default_target: True
    input:
        "<results>/paper.pdf",
        expand(
            "<results>/figures/{figure}.{kind}",
            figure=experiment.figures,
            kind=["pdf", "png"],
        ),
        expand("<results>/latex/{table}.tex", table=experiment.tables),
    localrule: True


rule figures:
    """All figures."""
    input:
        expand("<results>/figures/{figure}.pdf", figure=experiment.figures),
    localrule: True


rule tables:
    """All tables."""
    input:
        expand("<results>/latex/{table}.tex", table=experiment.tables),
    localrule: True


include: "workflow/rules/sample.smk"
include: "workflow/rules/train.smk"
include: "workflow/rules/probe.smk"
include: "workflow/rules/solve.smk"
include: "workflow/rules/construct.smk"
include: "workflow/rules/conjugate.smk"
include: "workflow/rules/compare.smk"
include: "workflow/rules/noise.smk"
include: "workflow/rules/functions.smk"
include: "workflow/rules/operators.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/tables.smk"
include: "workflow/rules/paper.smk"
include: "workflow/rules/bundles.smk"
