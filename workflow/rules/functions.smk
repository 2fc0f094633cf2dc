rule trace_functions:
    """Trace prediction curves on one-dimensional inputs, layer by layer and step by step."""
    input:
        weights=of_all_seeds("trained/{run}/seed{seed}/weights.safetensors"),
        fit=prompts_of("fit"),
        evaluation=prompts_of("evaluation"),
    output:
        table="<results>/tables/{run}/functions.parquet",
    log:
        "<logs>/trace_functions/{run}.log",
    benchmark:
        "<benchmarks>/trace_functions/{run}.tsv"
    conda:
        "../../envs/conda/train.yaml"
    threads: 1
    resources:
        **asks_for("trace_functions"),
    params:
        **job(
            "trace_functions",
            chosen=modules_of_tracing,
            settings={
                "run": run_settings,
                "settings": experiment.functions,
                "probe": experiment.probe,
                "solvers": experiment.solvers.alone,
            },
            seeds=seeds_of_run,
            threads=all_threads,
            device=chosen_device,
        ),
    message:
        "Tracing the functions of {wildcards.run}"
    shell:
        STEP
