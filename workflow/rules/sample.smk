rule sample_prompts:
    """Draw the stored prompts of a task, with their exact posterior means."""
    output:
        sets=expand("<results>/prompts/{{task}}-{split}.safetensors", split=SPLITS),
    log:
        "<logs>/sample_prompts/{task}.log",
    benchmark:
        "<benchmarks>/sample_prompts/{task}.tsv"
    priority: priority_of
    conda:
        "../../envs/conda/train.yaml"
    threads: 1
    resources:
        **asks_for("sample_prompts"),
    params:
        **job(
            "sample_prompts",
            chosen=modules_of_sampling,
            settings={"prompts": prompt_sets_of},
            threads=all_threads,
        ),
    message:
        "Sampling the prompts of {wildcards.task}"
    shell:
        STEP
