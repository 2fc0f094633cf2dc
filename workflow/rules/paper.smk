rule build_paper:
    """Typeset the paper."""
    input:
        sources=paper_sources,
        figures=expand("<results>/figures/{figure}.pdf", figure=experiment.figures),
        tables=expand("<results>/latex/{table}.tex", table=experiment.tables),
        numbers="<results>/latex/numbers.tex",
        provenance="<results>/latex/provenance.tex",
    output:
        report(
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
        **old_job("build_paper"),
        source=here(PAPER),
        figures=folder("figures"),
        latex=folder("latex"),
        build=f"{RESULTS}/paper_build",
    message:
        "Typesetting the paper"
    shell:
        old_step(
            "build_paper",
            "--source {params.source:q} --figures {params.figures} --latex {params.latex}"
            " --output {output} --build-directory {params.build}",
            log=" > {log} 2>&1",
        )
