rule trace_functions:
    """Trace prediction curves on one-dimensional inputs, layer by layer and step by step."""
    input:
        run="<results>/specs/runs/{run}.json",
        settings="<results>/specs/functions.json",
        probe="<results>/specs/probe.json",
        solvers="<results>/specs/solvers.json",
        weights=of_all_seeds("trained/{run}/seed{seed}/weights.safetensors"),
        fit=prompts_of("fit"),
        evaluation=prompts_of("evaluation"),
        code=verb("trace_functions"),
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
        mem_mb=mem_mb(2000),
        runtime=minutes(30),
        gpu=experiment.compute.gpus_per_job,
    params:
        seeds=lambda wildcards: experiment.seeds(wildcards.run),
        trained=folder("trained/{run}"),
        device=experiment.compute.device,
    message:
        "Tracing the functions of {wildcards.run}"
    shell:
        recorded(
            "trace_functions",
            "python -m ickrr trace_functions --run {input.run} --seeds {params.seeds}"
            " --trained {params.trained} --fit {input.fit} --evaluation {input.evaluation}"
            " --settings {input.settings} --probe {input.probe} --solvers {input.solvers}"
            " --output {output} --threads {threads} --device {params.device}",
        )
