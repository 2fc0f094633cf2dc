rule build_paper:
    """Typeset the paper."""
    input:
        text=paper_sources,
        figures=expand("<results>/figures/{figure}.pdf", figure=experiment.figures),
        tables=expand("<results>/latex/{table}.tex", table=experiment.tables),
        numbers="<results>/latex/numbers.tex",
        provenance="<results>/latex/provenance.tex",
    output:
        paper=report(
            "<results>/paper.pdf",
            caption="../report/paper.rst",
            category="Paper",
            labels={"document": "paper"},
        ),
    log:
        "<logs>/build_paper.log",
    benchmark:
        "<benchmarks>/build_paper.tsv"
    conda:
        "../../envs/conda/paper.yaml"
    threads: 1
    resources:
        **asks_for("build_paper"),
    params:
        **job("build_paper", build_directory=f"{RESULTS}/paper_build"),
    message:
        "Typesetting the paper"
    shell:
        STEP
