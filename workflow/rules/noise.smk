rule sweep_noise:
    """Compare a run's models with kernel regression at test noises that are not that of training."""
    input:
        weights=of_all_seeds("trained/{run}/seed{seed}/weights.safetensors"),
    output:
        table="<results>/tables/{run}/noise.parquet",
    log:
        "<logs>/sweep_noise/{run}.log",
    benchmark:
        "<benchmarks>/sweep_noise/{run}.tsv"
    conda:
        "../../envs/conda/train.yaml"
    threads: 1
    resources:
        **asks_for("sweep_noise"),
    params:
        **job(
            "sweep_noise",
            chosen=modules_of_run,
            settings={
                "run": run_settings,
                "prompts": evaluation_set,
                "settings": experiment.noise_mismatch,
                "statistics": experiment.statistics,
            },
            seeds=seeds_of_run,
            threads=all_threads,
            device=chosen_device,
        ),
    message:
        "Sweeping the test noise of {wildcards.run}"
    shell:
        STEP
