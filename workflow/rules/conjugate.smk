rule run_conjugate_gradient:
    """Run conjugate gradients that are built into linear attention and hold every step against float64."""
    input:
        settings="<results>/specs/conjugate_gradient.json",
        code=verb("run_conjugate_gradient"),
    output:
        curves="<results>/tables/metarep/cg_curves.parquet",
        summary="<results>/tables/metarep/cg.parquet",
    log:
        "<logs>/run_conjugate_gradient.log",
    benchmark:
        "<benchmarks>/run_conjugate_gradient.tsv"
    conda:
        "../../envs/conda/train.yaml"
    threads: 1
    resources:
        mem_mb=mem_mb(1500),
        runtime=minutes(20),
    message:
        "Running the built conjugate gradients"
    shell:
        recorded(
            "run_conjugate_gradient",
            "python -m ickrr run_conjugate_gradient --settings {input.settings}"
            " --curves {output.curves} --summary {output.summary} --threads {threads}",
        )


rule measure_width:
    """Hold kernel regression on random projections of a representation against that on all of it."""
    input:
        settings="<results>/specs/width.json",
        statistics="<results>/specs/statistics.json",
        code=verb("measure_width"),
    output:
        curves="<results>/tables/metarep/width_curves.parquet",
        summary="<results>/tables/metarep/width.parquet",
    log:
        "<logs>/measure_width.log",
    benchmark:
        "<benchmarks>/measure_width.tsv"
    conda:
        "../../envs/conda/train.yaml"
    threads: 1
    resources:
        mem_mb=mem_mb(1500),
        runtime=minutes(20),
    message:
        "Measuring projections of a representation"
    shell:
        recorded(
            "measure_width",
            "python -m ickrr measure_width --settings {input.settings} --statistics {input.statistics}"
            " --curves {output.curves} --summary {output.summary} --threads {threads}",
        )
