rule sweep_noise:
    """Hold a run's models against kernel regression at test noises that are not that of training."""
    input:
        run="<results>/specs/runs/{run}.json",
        prompts=prompt_spec_of("evaluation"),
        settings="<results>/specs/noise_mismatch.json",
        statistics="<results>/specs/statistics.json",
        weights=of_all_seeds("trained/{run}/seed{seed}/weights.safetensors"),
        code=verb("sweep_noise"),
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
        mem_mb=mem_mb(2000),
        runtime=minutes(60),
        gpu=experiment.compute.gpus_per_job,
    params:
        seeds=lambda wildcards: experiment.seeds(wildcards.run),
        trained=folder("trained/{run}"),
        device=experiment.compute.device,
    message:
        "Sweeping the test noise of {wildcards.run}"
    shell:
        recorded(
            "sweep_noise",
            "python -m ickrr sweep_noise --run {input.run} --seeds {params.seeds}"
            " --trained {params.trained} --prompts {input.prompts} --settings {input.settings}"
            " --statistics {input.statistics} --output {output} --threads {threads}"
            " --device {params.device}",
        )
