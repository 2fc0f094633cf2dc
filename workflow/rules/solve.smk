rule solve_prompts:
    """Run every classical solver on a stored set of prompts and keep the whole trajectories."""
    input:
        prompts="<results>/specs/prompts/{prompts}.json",
        settings="<results>/specs/solvers.json",
        data="<results>/prompts/{prompts}.safetensors",
        code=verb("solve"),
    output:
        expand(
            "<results>/trajectories/{{prompts}}/{solver}.safetensors",
            solver=experiment.solvers.names,
        ),
    log:
        "<logs>/solve_prompts/{prompts}.log",
    benchmark:
        "<benchmarks>/solve_prompts/{prompts}.tsv"
    conda:
        "../../envs/conda/train.yaml"
    threads: 1
    resources:
        mem_mb=mem_mb(solving_mb),
        runtime=minutes(solving_minutes),
        gpu=experiment.compute.gpus_per_job,
    params:
        directory=folder("trajectories/{prompts}"),
        device=experiment.compute.device,
    message:
        "Solving {wildcards.prompts}"
    shell:
        recorded(
            "solve_prompts",
            "python -m ickrr solve --prompts {input.prompts} --data {input.data}"
            " --settings {input.settings} --output-directory {params.directory}"
            " --threads {threads} --device {params.device}",
        )
