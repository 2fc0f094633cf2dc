rule identify_run:
    """Attribute the layers of a run's models to families of algorithms, or say that none can be named."""
    input:
        weights=of_all_seeds("trained/{run}/seed{seed}/weights.safetensors"),
        fit=prompts_of("fit"),
    output:
        attribution="<results>/tables/{run}/attribution.parquet",
        encompassing="<results>/tables/{run}/encompassing.parquet",
        uneven="<results>/tables/{run}/uneven.parquet",
    log:
        "<logs>/identify_run/{run}.log",
    benchmark:
        "<benchmarks>/identify_run/{run}.tsv"
    conda:
        "../../envs/conda/train.yaml"
    threads: 1
    resources:
        **asks_for("identify_run"),
    params:
        **job(
            "identify_run",
            chosen=modules_of_run,
            settings={
                "run": run_settings,
                "settings": experiment.identification,
                "probe": experiment.probe,
                "statistics": experiment.statistics,
            },
            seeds=seeds_of_run,
            threads=all_threads,
        ),
    message:
        "Identifying the layers of {wildcards.run}"
    shell:
        STEP


rule weigh_families:
    """Weigh preconditioned Richardson against the other families, with nothing partialled out."""
    input:
        weights=of_all_seeds("trained/{run}/seed{seed}/weights.safetensors"),
        fit=prompts_of("fit"),
    output:
        table="<results>/tables/{run}/raw_weights.parquet",
    log:
        "<logs>/weigh_families/{run}.log",
    benchmark:
        "<benchmarks>/weigh_families/{run}.tsv"
    conda:
        "../../envs/conda/train.yaml"
    threads: 1
    resources:
        **asks_for("weigh_families"),
    params:
        **job(
            "weigh_families",
            chosen=modules_of_run,
            settings={
                "run": run_settings,
                "settings": experiment.identification,
                "probe": experiment.probe,
                "statistics": experiment.statistics,
            },
            seeds=seeds_of_run,
            threads=all_threads,
        ),
    message:
        "Weighing the layers of {wildcards.run}"
    shell:
        STEP


rule try_identification:
    """Try the identification on known algorithms, with the prompts and the architecture of a run."""
    input:
        fit=prompts_of("fit"),
        built=of_built("trained/{run}/seed{seed}/weights.safetensors"),
        expected=of_built("trained/{run}/seed{seed}/expected.json"),
    output:
        table="<results>/tables/{run}/trials.parquet",
    log:
        "<logs>/try_identification/{run}.log",
    benchmark:
        "<benchmarks>/try_identification/{run}.tsv"
    conda:
        "../../envs/conda/train.yaml"
    threads: 1
    resources:
        **asks_for("try_identification"),
    params:
        **job(
            "try_identification",
            chosen=modules_of_run,
            settings={
                "run": run_settings,
                "settings": experiment.identification,
                "probe": experiment.probe,
                "statistics": experiment.statistics,
                "built_runs": built_runs,
            },
            threads=all_threads,
        ),
    message:
        "Trying the identification on known algorithms, with the prompts of {wildcards.run}"
    shell:
        STEP


rule identify_snapshots:
    """Attribute the layers of a run's models to families of algorithms on the way through their training."""
    input:
        snapshots=of_all_seeds("trained/{run}/seed{seed}/snapshots.safetensors"),
        fit=prompts_of("fit"),
    output:
        snapshot_attribution="<results>/tables/{run}/snapshot_attribution.parquet",
        snapshot_encompassing="<results>/tables/{run}/snapshot_encompassing.parquet",
    log:
        "<logs>/identify_snapshots/{run}.log",
    benchmark:
        "<benchmarks>/identify_snapshots/{run}.tsv"
    conda:
        "../../envs/conda/train.yaml"
    threads: 1
    resources:
        **asks_for("identify_snapshots"),
    params:
        **job(
            "identify_snapshots",
            chosen=modules_of_run,
            settings={
                "run": run_settings,
                "settings": experiment.identification,
                "probe": experiment.probe,
                "statistics": experiment.statistics,
            },
            seeds=seeds_of_run,
            threads=all_threads,
        ),
    message:
        "Identifying the layers of {wildcards.run} along its training"
    shell:
        STEP
