rule probe_model:
    """Fit one linear readout to every layer and predict the evaluation prompts with each."""
    input:
        weights="<results>/trained/{run}/seed{seed}/weights.safetensors",
        fit=prompts_of("fit"),
        evaluation=prompts_of("evaluation"),
    output:
        predictions="<results>/predictions/{run}/seed{seed}.safetensors",
    log:
        "<logs>/probe_model/{run}/seed{seed}.log",
    benchmark:
        "<benchmarks>/probe_model/{run}/seed{seed}.tsv"
    conda:
        "../../envs/conda/train.yaml"
    threads: 1
    resources:
        **asks_for("probe_model"),
    params:
        **job(
            "probe_model",
            chosen=modules_of_run,
            settings={"run": run_settings, "settings": experiment.probe},
            seed="{seed}",
            readout=readout_of,
            threads=all_threads,
            device=chosen_device,
        ),
    message:
        "Probing {wildcards.run}, seed {wildcards.seed}"
    shell:
        STEP
