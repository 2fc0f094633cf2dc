rule compare_run:
    """Compare the layers of a run's models with the steps of every solver, with intervals over prompts and seeds."""
    input:
        predictions=of_all_seeds("predictions/{run}/seed{seed}.safetensors"),
        evaluation=prompts_of("evaluation"),
        trajectories=trajectories_of_run,
    output:
        expand(
            "<results>/tables/{{run}}/{table}.parquet",
            table=["errors", "similarity", "matches", "alignment", "pairs", "shares"],
        ),
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
        **old_job(
            "compare_run",
            run=run_settings,
            solvers=experiment.solvers,
            statistics=experiment.statistics,
        ),
        seeds=lambda wildcards: experiment.seeds(wildcards.run),
        trajectories=lambda wildcards, input: os.path.dirname(input.trajectories[0]),
        tables=folder("tables/{run}"),
    message:
        "Comparing {wildcards.run} with the solvers"
    shell:
        old_step(
            "compare_run",
            "--seeds {params.seeds} --predictions {input.predictions} --evaluation {input.evaluation}"
            " --trajectories {params.trajectories} --output-directory {params.tables}",
            settings=["run", "solvers", "statistics"],
        )
