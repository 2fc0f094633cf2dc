rule sample_prompts:
    """Draw a stored set of prompts with its exact posterior means."""
    input:
        prompts="<results>/specs/prompts/{prompts}.json",
        code=verb("sample"),
    output:
        "<results>/prompts/{prompts}.safetensors",
    log:
        "<logs>/sample_prompts/{prompts}.log",
    benchmark:
        "<benchmarks>/sample_prompts/{prompts}.tsv"
    conda:
        "../../envs/conda/train.yaml"
    threads: 1
    resources:
        mem_mb=mem_mb(1500),
        runtime=minutes(10),
    message:
        "Sampling {wildcards.prompts}"
    shell:
        recorded(
            "sample_prompts",
            "python -m ickrr sample --prompts {input.prompts} --output {output}"
            " --threads {threads}",
        )
