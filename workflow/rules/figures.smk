rule draw_figure:
    """Draw one figure by running its notebook on the tidy tables."""
    input:
        tables=figure_tables,
    output:
        pdf="<results>/figures/{figure}.pdf",
        png=report(
            "<results>/figures/{figure}.png",
            caption="../report/description.rst",
            category="Figures",
            labels={"figure": "{figure}"},
        ),
    log:
        # The executed notebook lies beside it and is no log: of a failed job, Snakemake shows all logs as a whole.
        "<logs>/draw_figure/{figure}.log",
    benchmark:
        "<benchmarks>/draw_figure/{figure}.tsv"
    conda:
        "../../envs/conda/figures.yaml"
    threads: 1
    resources:
        **asks_for("draw_figure"),
    params:
        **job("draw_figure", chosen=modules_of_figure),
        # Neither is compared with the last time: a path of this machine, and what only the report shows.
        notebook=lambda wildcards, threads: kinds.notebook(
            experiment.figures[wildcards.figure].kind
        ),
        description=lambda wildcards, threads: experiment.figures[
            wildcards.figure
        ].description,
        parameters=figure_parameters,
    message:
        "Drawing {wildcards.figure}"
    shell:
        step(
            "draw_figure",
            "--notebook {params.notebook:q}"
            ' --executed "$(dirname {log:q})"/{wildcards.figure}.ipynb'
            " --figure {output.pdf} --parameters {params.parameters:q}",
            log=" > {log:q} 2>&1",
        )


for figure in experiment.figures:

    rule:
        name:
            figure
        input:
            f"<results>/figures/{figure}.pdf",
        localrule: True
