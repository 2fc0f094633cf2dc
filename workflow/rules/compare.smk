rule compare_run:
    """Compare the layers of a run's models with the steps of every solver and null, with intervals over prompts and seeds."""
    input:
        predictions=of_all_seeds("predictions/{run}/seed{seed}.safetensors"),
        evaluation=prompts_of("evaluation"),
        trajectories=trajectories_of_run,
    output:
        errors="<results>/tables/{run}/errors.parquet",
        similarity="<results>/tables/{run}/similarity.parquet",
        matches="<results>/tables/{run}/matches.parquet",
        alignment="<results>/tables/{run}/alignment.parquet",
        pairs="<results>/tables/{run}/pairs.parquet",
        shares="<results>/tables/{run}/shares.parquet",
    log:
        "<logs>/compare_run/{run}.log",
    benchmark:
        "<benchmarks>/compare_run/{run}.tsv"
    conda:
        "../../envs/conda/analysis.yaml"
    threads: 1
    resources:
        **asks_for("compare_run"),
    params:
        **job(
            "compare_run",
            settings={
                "run": run_settings,
                "solvers": experiment.solvers,
                "statistics": experiment.statistics,
            },
            seeds=seeds_of_run,
        ),
    message:
        "Comparing {wildcards.run} with the solvers"
    shell:
        STEP
