rule measure_operators:
    """Hold the attention of one trained model against kernels, in and out of distribution."""
    input:
        run="<results>/specs/runs/{run}.json",
        settings="<results>/specs/operators.json",
        weights="<results>/trained/{run}/seed{seed}/weights.safetensors",
        fit=prompts_of("fit"),
        code=verb("measure_operators"),
    output:
        "<results>/operators/{run}/seed{seed}.safetensors",
    log:
        "<logs>/measure_operators/{run}/seed{seed}.log",
    benchmark:
        "<benchmarks>/measure_operators/{run}/seed{seed}.tsv"
    wildcard_constraints:
        run="|".join(experiment.operators.runs) or NOTHING,
    conda:
        "../../envs/conda/train.yaml"
    threads: 1
    resources:
        mem_mb=mem_mb(operators_mb),
        runtime=minutes(operators_minutes),
    message:
        "Measuring the attention of {wildcards.run}, seed {wildcards.seed}"
    shell:
        recorded(
            "measure_operators",
            "python -m ickrr measure_operators --run {input.run} --seed {wildcards.seed}"
            " --weights {input.weights} --fit {input.fit} --settings {input.settings}"
            " --output {output} --threads {threads}",
        )


rule tabulate_operators:
    """Gather the attention operators of all measured models into tidy tables, with intervals."""
    input:
        measured=expand(
            "<results>/operators/{model}.safetensors", model=MEASURED_MODELS
        ),
        settings="<results>/specs/operators.json",
        statistics="<results>/specs/statistics.json",
        code=verb("tabulate_operators"),
    output:
        expand(
            "<results>/tables/metarep/{table}.parquet",
            table=["operators", "operators_detail", "operators_dials"],
        ),
    log:
        "<logs>/tabulate_operators.log",
    benchmark:
        "<benchmarks>/tabulate_operators.tsv"
    conda:
        "../../envs/conda/analysis.yaml"
    threads: 1
    resources:
        mem_mb=mem_mb(1500),
        runtime=minutes(10),
    params:
        models=MEASURED_MODELS,
        measured=folder("operators"),
        tables=folder("tables/metarep"),
    message:
        "Tabulating the attention operators"
    shell:
        recorded(
            "tabulate_operators",
            "python -m ickrr tabulate_operators --models {params.models} --measured {params.measured}"
            " --settings {input.settings} --statistics {input.statistics}"
            " --output-directory {params.tables}",
        )


rule compare_linear_regression:
    """Hold trained one-layer linear attention against one step of preconditioned gradient descent."""
    input:
        run=of_anchor("specs/runs/{run}.json"),
        weights=of_anchor("trained/{run}/seed{seed}/weights.safetensors"),
        fit=of_anchor("prompts/{task}-fit.safetensors"),
        evaluation=of_anchor("prompts/{task}-evaluation.safetensors"),
        statistics="<results>/specs/statistics.json",
        code=verb("compare_linear_regression"),
    output:
        "<results>/tables/metarep/anchor.parquet",
    log:
        "<logs>/compare_linear_regression.log",
    benchmark:
        "<benchmarks>/compare_linear_regression.tsv"
    conda:
        "../../envs/conda/train.yaml"
    threads: 1
    resources:
        mem_mb=mem_mb(1500),
        runtime=minutes(10),
    params:
        seeds=ANCHOR_SEEDS,
        trained=folder(f"trained/{ANCHOR}"),
    message:
        "Comparing linear attention with one step of gradient descent"
    shell:
        recorded(
            "compare_linear_regression",
            "python -m ickrr compare_linear_regression --run {input.run} --seeds {params.seeds}"
            " --trained {params.trained} --fit {input.fit} --evaluation {input.evaluation}"
            " --statistics {input.statistics} --output {output} --threads {threads}",
        )
