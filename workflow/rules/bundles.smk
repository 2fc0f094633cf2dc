rule take_restored:
    """Take a result from a restored bundle instead of computing it."""
    input:
        restored=restored_file,
        code=verb("take"),
    output:
        "<results>/{restored}",
    log:
        "<logs>/take_restored/{restored}.log",
    benchmark:
        "<benchmarks>/take_restored/{restored}.tsv"
    wildcard_constraints:
        restored="|".join(re.escape(name) for name in TAKEN) or NOTHING,
    conda:
        "../../envs/conda/analysis.yaml"
    threads: 1
    resources:
        mem_mb=mem_mb(500),
        runtime=minutes(10),
    params:
        bundle=lambda wildcards: TAKEN[wildcards.restored],
    message:
        "Taking {wildcards.restored} from {params.bundle}"
    shell:
        "python -m ickrr take --bundle {params.bundle} --file {wildcards.restored}"
        " --output {output} 2> {log}"


# Whatever a bundle gives is taken from it. A rule that writes results and is not in this list is ambiguous with it.
ruleorder:
    take_restored
    > sample_prompts
    > solve_prompts
    > train_model
    > tabulate_training
    > probe_model
    > compare_run
    > tabulate_run
    > sweep_noise
    > trace_functions
    > measure_operators
    > tabulate_operators
    > compare_linear_regression
    > judge_claims
    > build_control
    > check_controls
    > verify_construction
    > tabulate_construction
    > measure_contraction
    > run_conjugate_gradient
    > measure_width
