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
            labels=labels_of("figure", experiment.figures),
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
        **job(
            "draw_figure",
            chosen=modules_of_figure,
            notebook=notebook_of,
            executed=f"{LOGS}/draw_figure/{{figure}}.ipynb",
            parameters=figure_parameters,
        ),
        # Not compared with the last time (it asks for threads): only the report shows it.
        description=lambda wildcards, threads: experiment.figures[
            wildcards.figure
        ].description,
    message:
        "Drawing {wildcards.figure}"
    shell:
        STEP


for figure in experiment.figures:

    rule:
        name:
            figure
        input:
            f"<results>/figures/{figure}.pdf",
        localrule: True
