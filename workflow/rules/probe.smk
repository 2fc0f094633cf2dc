rule probe_model:
    """Fit one linear readout to every layer and predict the evaluation prompts with each."""
    input:
        run="<results>/specs/runs/{run}.json",
        settings="<results>/specs/probe.json",
        weights="<results>/trained/{run}/seed{seed}/weights.safetensors",
        fit=prompts_of("fit"),
        evaluation=prompts_of("evaluation"),
        code=verb("probe"),
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
        mem_mb=mem_mb(probing_mb),
        runtime=minutes(probing_minutes),
        gpu=experiment.compute.gpus_per_job,
    params:
        device=experiment.compute.device,
        readout=readout_of,
    message:
        "Probing {wildcards.run}, seed {wildcards.seed}"
    shell:
        recorded(
            "probe_model",
            "python -m ickrr probe --run {input.run} --seed {wildcards.seed} --weights {input.weights}"
            " --fit {input.fit} --evaluation {input.evaluation} --settings {input.settings}"
            " --output {output} --readout {params.readout} --threads {threads} --device {params.device}",
        )
