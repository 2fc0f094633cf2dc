rule train_model:
    """Train the transformer of one run from one seed."""
    input:
        run="<results>/specs/runs/{run}.json",
        validation=prompts_of("validation"),
        code=verb("train"),
    output:
        weights="<results>/trained/{run}/seed{seed}/weights.safetensors",
        learning_curve="<results>/trained/{run}/seed{seed}/learning_curve.parquet",
        rate="<results>/trained/{run}/seed{seed}/rate.parquet",
        record="<results>/trained/{run}/seed{seed}/run.json",
    log:
        "<logs>/train_model/{run}/seed{seed}.log",
    benchmark:
        "<benchmarks>/train_model/{run}/seed{seed}.tsv"
    wildcard_constraints:
        run="|".join(experiment.runs),
    conda:
        "../../envs/conda/train.yaml"
    # One thread on a CPU: several trainings side by side beat one with several threads.
    threads: 1
    resources:
        mem_mb=mem_mb(training_mb),
        runtime=minutes(training_minutes),
        gpu=experiment.compute.gpus_per_job,
    params:
        # Not an output: Snakemake deletes the outputs of a job that was killed, and this is what it resumes from.
        state=f"{RESULTS}/state/{{run}}/seed{{seed}}.safetensors",
        device=experiment.compute.device,
    message:
        "Training {wildcards.run}, seed {wildcards.seed}"
    shell:
        recorded(
            "train_model",
            "python -m ickrr train --run {input.run} --seed {wildcards.seed}"
            " --validation {input.validation} --weights {output.weights}"
            " --learning-curve {output.learning_curve} --rate {output.rate} --record {output.record}"
            " --state {params.state} --threads {threads} --device {params.device}",
        )


rule tabulate_training:
    """Gather the learning curves of a run's seeds into one tidy table."""
    input:
        learning_curves=of_all_seeds("trained/{run}/seed{seed}/learning_curve.parquet"),
        code=verb("tabulate_training"),
    output:
        "<results>/tables/{run}/learning_curve.parquet",
    log:
        "<logs>/tabulate_training/{run}.log",
    benchmark:
        "<benchmarks>/tabulate_training/{run}.tsv"
    conda:
        "../../envs/conda/analysis.yaml"
    threads: 1
    resources:
        mem_mb=mem_mb(1000),
        runtime=minutes(10),
    params:
        seeds=lambda wildcards: experiment.seeds(wildcards.run),
        trained=folder("trained/{run}"),
    message:
        "Tabulating the learning curves of {wildcards.run}"
    shell:
        recorded(
            "tabulate_training",
            "python -m ickrr tabulate_training --run {wildcards.run} --seeds {params.seeds}"
            " --trained {params.trained} --output {output}",
        )
