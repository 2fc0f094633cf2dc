MEASURED = experiment.operators.runs
# The runs of linear regression, if there are any.
ANCHORS = experiment.anchors


rule measure_operators:
    """Compare the attention of one trained model with kernels, in and out of distribution."""
    input:
        weights="<results>/trained/{run}/seed{seed}/weights.safetensors",
        fit=prompts_of("fit"),
    output:
        arrays="<results>/operators/{run}/seed{seed}.safetensors",
    log:
        "<logs>/measure_operators/{run}/seed{seed}.log",
    benchmark:
        "<benchmarks>/measure_operators/{run}/seed{seed}.tsv"
    wildcard_constraints:
        run=one_of(MEASURED),
    conda:
        "../../envs/conda/train.yaml"
    threads: 1
    resources:
        **asks_for("measure_operators"),
    params:
        **job(
            "measure_operators",
            chosen=modules_of_operators,
            settings={"run": run_settings, "settings": experiment.operators},
            seed="{seed}",
            threads=all_threads,
        ),
    message:
        "Measuring the attention of {wildcards.run}, seed {wildcards.seed}"
    shell:
        STEP


rule tabulate_operators:
    """Gather the attention operators of all measured models into tidy tables, with intervals."""
    input:
        measured=of_models(MEASURED, "operators/{run}/seed{seed}.safetensors"),
    output:
        summary="<results>/tables/metarep/operators.parquet",
        detail="<results>/tables/metarep/operators_detail.parquet",
        dials="<results>/tables/metarep/operators_dials.parquet",
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
        **job(
            "tabulate_operators",
            settings={
                "settings": experiment.operators,
                "statistics": experiment.statistics,
            },
            models=[
                f"{run}/seed{seed}"
                for run in MEASURED
                for seed in experiment.seeds(run)
            ],
        ),
    message:
        "Tabulating the attention operators"
    shell:
        STEP


rule compare_linear_regression:
    """Compare trained linear attention with steps of gradient descent on linear regression."""
    input:
        weights=of_models(ANCHORS, "trained/{run}/seed{seed}/weights.safetensors"),
        fit=of_runs(ANCHORS, "prompts/{task}-fit.safetensors"),
        evaluation=of_runs(ANCHORS, "prompts/{task}-evaluation.safetensors"),
    output:
        table="<results>/tables/metarep/anchor.parquet",
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
        **job(
            "compare_linear_regression",
            chosen=modules_of_anchor,
            settings={
                "runs": [
                    experiment.run(run).model_dump(mode="json") for run in ANCHORS
                ],
                "statistics": experiment.statistics,
            },
            models=[
                f"{run}/seed{seed}"
                for run in ANCHORS
                for seed in experiment.seeds(run)
            ],
            threads=all_threads,
        ),
    message:
        "Comparing linear attention with steps of gradient descent"
    shell:
        STEP
