rule solve_prompts:
    """Run every classical solver and null on the evaluation prompts of a task and keep the whole trajectories."""
    input:
        data="<results>/prompts/{task}-evaluation.safetensors",
        fit="<results>/prompts/{task}-fit.safetensors",
    output:
        trajectories=expand(
            "<results>/trajectories/{{task}}-evaluation/{solver}.safetensors",
            solver=experiment.solvers.compared,
        ),
    log:
        "<logs>/solve_prompts/{task}.log",
    benchmark:
        "<benchmarks>/solve_prompts/{task}.tsv"
    conda:
        "../../envs/conda/train.yaml"
    threads: 1
    resources:
        **asks_for("solve_prompts"),
    params:
        **job(
            "solve_prompts",
            chosen=modules_of_solving,
            settings={"prompts": evaluation_set, "settings": experiment.solvers},
            threads=all_threads,
            device=chosen_device,
        ),
    message:
        "Solving the evaluation prompts of {wildcards.task}"
    shell:
        STEP
