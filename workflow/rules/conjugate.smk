rule run_conjugate_gradient:
    """Run conjugate gradients that are built into linear attention, and compare every step with float64."""
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
        **asks_for("run_conjugate_gradient"),
    params:
        **job(
            "run_conjugate_gradient",
            chosen=BUILT_SOLVERS,
            settings={"settings": experiment.conjugate_gradient},
            threads=all_threads,
        ),
    message:
        "Running the built conjugate gradients"
    shell:
        STEP


rule measure_width:
    """Compare kernel regression on random projections of a representation with that on all of it."""
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
        **asks_for("measure_width"),
    params:
        **job(
            "measure_width",
            settings={
                "settings": experiment.width,
                "statistics": experiment.statistics,
            },
            threads=all_threads,
        ),
    message:
        "Measuring projections of a representation"
    shell:
        STEP
