rule compare_run:
    """Compare the layers of one trained model with the steps of every solver."""
    input:
        run="<results>/specs/runs/{run}.json",
        solvers="<results>/specs/solvers.json",
        statistics="<results>/specs/statistics.json",
        predictions="<results>/predictions/{run}/seed{seed}.safetensors",
        evaluation=prompts_of("evaluation"),
        trajectories=trajectories_of_run,
        code=verb("compare"),
    output:
        errors="<results>/comparisons/{run}/seed{seed}/errors.parquet",
        similarity="<results>/comparisons/{run}/seed{seed}/similarity.parquet",
        matches="<results>/comparisons/{run}/seed{seed}/matches.parquet",
        draws="<results>/comparisons/{run}/seed{seed}/draws.safetensors",
    log:
        "<logs>/compare_run/{run}/seed{seed}.log",
    benchmark:
        "<benchmarks>/compare_run/{run}/seed{seed}.tsv"
    conda:
        "../../envs/conda/analysis.yaml"
    threads: 1
    resources:
        mem_mb=mem_mb(comparing_mb),
        runtime=minutes(comparing_minutes),
    params:
        trajectories=lambda wildcards, input: os.path.dirname(input.trajectories[0]),
    message:
        "Comparing {wildcards.run}, seed {wildcards.seed}, with the solvers"
    shell:
        recorded(
            "compare_run",
            "python -m ickrr compare --run {input.run} --seed {wildcards.seed}"
            " --predictions {input.predictions} --evaluation {input.evaluation}"
            " --trajectories {params.trajectories} --solvers {input.solvers}"
            " --statistics {input.statistics} --errors {output.errors}"
            " --similarity {output.similarity} --matches {output.matches} --draws {output.draws}",
        )


rule tabulate_run:
    """Gather the comparisons of a run's seeds into tidy tables, with intervals."""
    input:
        errors=of_all_seeds("comparisons/{run}/seed{seed}/errors.parquet"),
        similarity=of_all_seeds("comparisons/{run}/seed{seed}/similarity.parquet"),
        matches=of_all_seeds("comparisons/{run}/seed{seed}/matches.parquet"),
        draws=of_all_seeds("comparisons/{run}/seed{seed}/draws.safetensors"),
        solvers="<results>/specs/solvers.json",
        statistics="<results>/specs/statistics.json",
        code=verb("tabulate"),
    output:
        expand(
            "<results>/tables/{{run}}/{table}.parquet",
            table=["errors", "similarity", "matches", "alignment", "pairs", "shares"],
        ),
    log:
        "<logs>/tabulate_run/{run}.log",
    benchmark:
        "<benchmarks>/tabulate_run/{run}.tsv"
    conda:
        "../../envs/conda/analysis.yaml"
    threads: 1
    resources:
        mem_mb=mem_mb(1500),
        runtime=minutes(20),
    params:
        seeds=lambda wildcards: experiment.seeds(wildcards.run),
        comparisons=folder("comparisons/{run}"),
        tables=folder("tables/{run}"),
    message:
        "Tabulating {wildcards.run}"
    shell:
        recorded(
            "tabulate_run",
            "python -m ickrr tabulate --run {wildcards.run} --seeds {params.seeds}"
            " --comparisons {params.comparisons}"
            " --solvers {input.solvers} --statistics {input.statistics} --output-directory {params.tables}",
        )
