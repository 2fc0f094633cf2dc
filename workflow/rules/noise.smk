rule sweep_noise:
    """Hold a run's models against kernel regression at test noises that are not that of training."""
    input:
        weights=of_all_seeds("trained/{run}/seed{seed}/weights.safetensors"),
    output:
        "<results>/tables/{run}/noise.parquet",
    log:
        "<logs>/sweep_noise/{run}.log",
    benchmark:
        "<benchmarks>/sweep_noise/{run}.tsv"
    conda:
        "../../envs/conda/train.yaml"
    threads: 1
    resources:
        **asks_for("sweep_noise"),
        gpu=experiment.compute.gpus_per_job,
    params:
        **old_job(
            "sweep_noise",
            chosen=modules_of_run,
            run=run_settings,
            prompts=evaluation_set,
            settings=experiment.noise_mismatch,
            statistics=experiment.statistics,
        ),
        seeds=lambda wildcards: experiment.seeds(wildcards.run),
        trained=folder("trained/{run}"),
        device=experiment.compute.device,
    message:
        "Sweeping the test noise of {wildcards.run}"
    shell:
        old_step(
            "sweep_noise",
            "--seeds {params.seeds} --trained {params.trained} --output {output} --threads {threads}"
            " --device {params.device}",
            settings=["run", "prompts", "settings", "statistics"],
        )
