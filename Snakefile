# In-context kernel regression, from prompts to the PDF. The workflow is workflow/Snakefile; this file makes plain
# `snakemake` in this folder find it, together with profiles/default.


include: "workflow/Snakefile"


rule default:
    """The same as `all`: Snakemake takes no first rule from an included file."""
    default_target: True
    input:
        rules.all.input,
    localrule: True
