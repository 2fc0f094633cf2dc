rule trace_functions:
    """Trace prediction curves on one-dimensional inputs, layer by layer and step by step."""
    input:
        weights=of_all_seeds("trained/{run}/seed{seed}/weights.safetensors"),
        fit=prompts_of("fit"),
        evaluation=prompts_of("evaluation"),
    output:
        "<results>/tables/{run}/functions.parquet",
    log:
        "<logs>/trace_functions/{run}.log",
    benchmark:
        "<benchmarks>/trace_functions/{run}.tsv"
    conda:
        "../../envs/conda/train.yaml"
    threads: 1
    resources:
        **asks_for("trace_functions"),
        gpu=experiment.compute.gpus_per_job,
    params:
        **old_job(
            "trace_functions",
            chosen=modules_of_tracing,
            run=run_settings,
            settings=experiment.functions,
            probe=experiment.probe,
            solvers=experiment.solvers,
        ),
        seeds=lambda wildcards: experiment.seeds(wildcards.run),
        trained=folder("trained/{run}"),
        device=experiment.compute.device,
    message:
        "Tracing the functions of {wildcards.run}"
    shell:
        old_step(
            "trace_functions",
            "--seeds {params.seeds} --trained {params.trained} --fit {input.fit}"
            " --evaluation {input.evaluation} --output {output} --threads {threads}"
            " --device {params.device}",
            settings=["run", "settings", "probe", "solvers"],
        )
