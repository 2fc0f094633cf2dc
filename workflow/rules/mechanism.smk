# Studies of what layers do beyond their predictions: cause, linearity, the probe, needed degree (docs/mechanism.md).


rule replace_heads:
    """Replace the attention of a run's heads by kernels, and see what that costs the layers after them."""
    input:
        weights=of_all_seeds("trained/{run}/seed{seed}/weights.safetensors"),
        fit=prompts_of("fit"),
        evaluation=prompts_of("evaluation"),
    output:
        heads="<results>/tables/{run}/heads.parquet",
        replacements="<results>/tables/{run}/replacements.parquet",
        coefficients="<results>/tables/{run}/coefficients.parquet",
        restored="<results>/tables/{run}/restored.parquet",
    log:
        "<logs>/replace_heads/{run}.log",
    benchmark:
        "<benchmarks>/replace_heads/{run}.tsv"
    conda:
        "../../envs/conda/train.yaml"
    threads: 1
    resources:
        **asks_for("replace_heads"),
    params:
        **job(
            "replace_heads",
            settings={
                "run": run_settings,
                "settings": experiment.interventions,
                "identification": experiment.identification,
                "probe": experiment.probe,
                "statistics": experiment.statistics,
            },
            seeds=seeds_of_run,
            threads=all_threads,
        ),
    message:
        "Replacing the heads of {wildcards.run} by kernels"
    shell:
        STEP


rule measure_linearity:
    """Measure how linear the layers of a run are in the labels, and which eigencomponents they pass."""
    input:
        weights=of_all_seeds("trained/{run}/seed{seed}/weights.safetensors"),
        fit=prompts_of("fit"),
        evaluation=prompts_of("evaluation"),
    output:
        linearity="<results>/tables/{run}/linearity.parquet",
        filters="<results>/tables/{run}/filters.parquet",
    log:
        "<logs>/measure_linearity/{run}.log",
    benchmark:
        "<benchmarks>/measure_linearity/{run}.tsv"
    conda:
        "../../envs/conda/train.yaml"
    threads: 1
    resources:
        **asks_for("measure_linearity"),
    params:
        **job(
            "measure_linearity",
            chosen=modules_of_run,
            settings={
                "run": run_settings,
                "settings": experiment.linearity,
                "identification": experiment.identification,
                "probe": experiment.probe,
                "statistics": experiment.statistics,
            },
            seeds=seeds_of_run,
            threads=all_threads,
        ),
    message:
        "Measuring the linearity of {wildcards.run}"
    shell:
        STEP


rule compare_probes:
    """Read the layers of a run's models with four probes, choose one, and see what depends on the choice."""
    input:
        weights=of_all_seeds("trained/{run}/seed{seed}/weights.safetensors"),
        fit=prompts_of("fit"),
        evaluation=prompts_of("evaluation"),
        trajectories=headline_trajectories,
    output:
        probes="<results>/tables/{run}/probes.parquet",
        effects="<results>/tables/{run}/probe_effects.parquet",
        attributions="<results>/tables/{run}/probe_attributions.parquet",
    log:
        "<logs>/compare_probes/{run}.log",
    benchmark:
        "<benchmarks>/compare_probes/{run}.tsv"
    conda:
        "../../envs/conda/train.yaml"
    threads: 1
    resources:
        **asks_for("compare_probes"),
    params:
        **job(
            "compare_probes",
            settings={
                "run": run_settings,
                "settings": experiment.probes,
                "probe": experiment.probe,
                "solvers": experiment.solvers.alone,
                "identification": experiment.identification,
                "statistics": experiment.statistics,
            },
            seeds=seeds_of_run,
            threads=all_threads,
        ),
    message:
        "Comparing probes of {wildcards.run}"
    shell:
        STEP


rule identify_by_probe:
    """Find what families add to each other in explaining a run's layers, as four probes read them."""
    input:
        weights=of_all_seeds("trained/{run}/seed{seed}/weights.safetensors"),
        fit=prompts_of("fit"),
        evaluation=prompts_of("evaluation"),
    output:
        additions="<results>/tables/{run}/probe_additions.parquet",
    log:
        "<logs>/identify_by_probe/{run}.log",
    benchmark:
        "<benchmarks>/identify_by_probe/{run}.tsv"
    conda:
        "../../envs/conda/train.yaml"
    threads: 1
    resources:
        **asks_for("identify_by_probe"),
    params:
        **job(
            "identify_by_probe",
            chosen=modules_of_run,
            settings={
                "run": run_settings,
                "settings": experiment.probes,
                "probe": experiment.probe,
                "identification": experiment.identification,
                "statistics": experiment.statistics,
            },
            seeds=seeds_of_run,
            threads=all_threads,
        ),
    message:
        "Identifying the layers of {wildcards.run} by probe"
    shell:
        STEP


rule measure_degree:
    """Find how many products with the kernel each layer of a run needs, and how well that is found."""
    input:
        predictions=of_all_seeds("predictions/{run}/seed{seed}.safetensors"),
        fit=prompts_of("fit"),
        evaluation=prompts_of("evaluation"),
    output:
        degree="<results>/tables/{run}/degree.parquet",
        trials="<results>/tables/{run}/degree_trials.parquet",
    log:
        "<logs>/measure_degree/{run}.log",
    benchmark:
        "<benchmarks>/measure_degree/{run}.tsv"
    conda:
        "../../envs/conda/train.yaml"
    threads: 1
    resources:
        **asks_for("measure_degree"),
    params:
        **job(
            "measure_degree",
            settings={
                "run": run_settings,
                "settings": experiment.degree,
                "identification": experiment.identification,
                "probe": experiment.probe,
            },
            seeds=seeds_of_run,
            threads=all_threads,
        ),
    message:
        "Finding the needed degree of {wildcards.run}"
    shell:
        STEP
