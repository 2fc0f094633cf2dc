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


rule pack_arxiv:
    """Pack the paper for arXiv: sources of which pdflatex alone makes the PDF."""
    input:
        text=paper_sources,
        figures=expand("<results>/figures/{figure}.pdf", figure=experiment.figures),
        tables=expand("<results>/latex/{table}.tex", table=experiment.tables),
        numbers="<results>/latex/numbers.tex",
        provenance="<results>/latex/provenance.tex",
    output:
        archive="<results>/arxiv.tar.gz",
    log:
        "<logs>/pack_arxiv.log",
    benchmark:
        "<benchmarks>/pack_arxiv.tsv"
    conda:
        "../../envs/conda/paper.yaml"
    threads: 1
    resources:
        **asks_for("pack_arxiv"),
    params:
        **job("pack_arxiv", build_directory=f"{RESULTS}/arxiv_build"),
    message:
        "Packing the paper for arXiv"
    shell:
        STEP
