rule probe_model:
    """Fit one linear readout to every layer and predict the evaluation prompts with each."""
    input:
        weights="<results>/trained/{run}/seed{seed}/weights.safetensors",
        fit=prompts_of("fit"),
        evaluation=prompts_of("evaluation"),
    output:
        "<results>/predictions/{run}/seed{seed}.safetensors",
    log:
        "<logs>/probe_model/{run}/seed{seed}.log",
    benchmark:
        "<benchmarks>/probe_model/{run}/seed{seed}.tsv"
    conda:
        "../../envs/conda/train.yaml"
    threads: 1
    resources:
        **asks_for("probe_model"),
        gpu=experiment.compute.gpus_per_job,
    params:
        **old_job(
            "probe_model",
            chosen=modules_of_run,
            run=run_settings,
            settings=experiment.probe,
        ),
        device=experiment.compute.device,
        readout=readout_of,
    message:
        "Probing {wildcards.run}, seed {wildcards.seed}"
    shell:
        old_step(
            "probe_model",
            "--seed {wildcards.seed} --weights {input.weights} --fit {input.fit}"
            " --evaluation {input.evaluation} --output {output} --readout {params.readout}"
            " --threads {threads} --device {params.device}",
            settings=["run", "settings"],
        )
