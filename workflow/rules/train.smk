rule train_model:
    """Train the transformer of one run from one seed."""
    output:
        weights="<results>/trained/{run}/seed{seed}/weights.safetensors",
        snapshots="<results>/trained/{run}/seed{seed}/snapshots.safetensors",
        learning_curve="<results>/trained/{run}/seed{seed}/learning_curve.parquet",
        rate="<results>/trained/{run}/seed{seed}/rate.parquet",
    log:
        "<logs>/train_model/{run}/seed{seed}.log",
    benchmark:
        "<benchmarks>/train_model/{run}/seed{seed}.tsv"
    wildcard_constraints:
        run=one_of(experiment.runs),
    priority: priority_of
    conda:
        "../../envs/conda/train.yaml"
    # One thread on a CPU: several trainings side by side beat one with several threads.
    threads: 1
    resources:
        **asks_for("train_model"),
    params:
        **job(
            "train_model",
            chosen=modules_of_run,
            settings={"run": run_settings, "validation": validation_set},
            seed="{seed}",
            # No output: Snakemake deletes the outputs of a job that was killed, and this is what it resumes from.
            state=f"{RESULTS}/state/{{run}}/seed{{seed}}.safetensors",
            threads=all_threads,
            device=chosen_device,
        ),
    message:
        "Training {wildcards.run}, seed {wildcards.seed}"
    shell:
        STEP


rule tabulate_training:
    """Gather the learning curves of a run's seeds into one tidy table."""
    input:
        learning_curves=of_all_seeds("trained/{run}/seed{seed}/learning_curve.parquet"),
    output:
        table="<results>/tables/{run}/learning_curve.parquet",
    log:
        "<logs>/tabulate_training/{run}.log",
    benchmark:
        "<benchmarks>/tabulate_training/{run}.tsv"
    conda:
        "../../envs/conda/analysis.yaml"
    threads: 1
    resources:
        **asks_for("tabulate_training"),
    params:
        **job("tabulate_training", run="{run}", seeds=seeds_of_run),
    message:
        "Tabulating the learning curves of {wildcards.run}"
    shell:
        STEP
