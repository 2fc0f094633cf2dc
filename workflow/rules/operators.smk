rule measure_operators:
    """Hold the attention of one trained model against kernels, in and out of distribution."""
    input:
        weights="<results>/trained/{run}/seed{seed}/weights.safetensors",
        fit=prompts_of("fit"),
    output:
        "<results>/operators/{run}/seed{seed}.safetensors",
    log:
        "<logs>/measure_operators/{run}/seed{seed}.log",
    benchmark:
        "<benchmarks>/measure_operators/{run}/seed{seed}.tsv"
    wildcard_constraints:
        run=one_of(experiment.operators.runs),
    conda:
        "../../envs/conda/train.yaml"
    threads: 1
    resources:
        **asks_for("measure_operators"),
    params:
        **old_job(
            "measure_operators",
            chosen=modules_of_operators,
            run=run_settings,
            settings=experiment.operators,
        ),
    message:
        "Measuring the attention of {wildcards.run}, seed {wildcards.seed}"
    shell:
        old_step(
            "measure_operators",
            "--seed {wildcards.seed} --weights {input.weights} --fit {input.fit} --output {output}"
            " --threads {threads}",
            settings=["run", "settings"],
        )


rule tabulate_operators:
    """Gather the attention operators of all measured models into tidy tables, with intervals."""
    input:
        measured=expand(
            "<results>/operators/{model}.safetensors", model=MEASURED_MODELS
        ),
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
        **asks_for("tabulate_operators"),
    params:
        **old_job(
            "tabulate_operators",
            settings=experiment.operators,
            statistics=experiment.statistics,
        ),
        models=MEASURED_MODELS,
        measured=folder("operators"),
        tables=folder("tables/metarep"),
    message:
        "Tabulating the attention operators"
    shell:
        old_step(
            "tabulate_operators",
            "--models {params.models} --measured {params.measured} --output-directory {params.tables}",
            settings=["settings", "statistics"],
        )


rule compare_linear_regression:
    """Hold trained one-layer linear attention against one step of preconditioned gradient descent."""
    input:
        weights=of_anchor("trained/{run}/seed{seed}/weights.safetensors"),
        fit=of_anchor("prompts/{task}-fit.safetensors"),
        evaluation=of_anchor("prompts/{task}-evaluation.safetensors"),
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
        **asks_for("compare_linear_regression"),
    params:
        **old_job(
            "compare_linear_regression",
            chosen=modules_of_anchor,
            run=lambda wildcards: run_text(ANCHOR),
            statistics=experiment.statistics,
        ),
        seeds=ANCHOR_SEEDS,
        trained=folder(f"trained/{ANCHOR}"),
    message:
        "Comparing linear attention with one step of gradient descent"
    shell:
        old_step(
            "compare_linear_regression",
            "--seeds {params.seeds} --trained {params.trained} --fit {input.fit}"
            " --evaluation {input.evaluation} --output {output} --threads {threads}",
            settings=["run", "statistics"],
        )
