rule verify_construction:
    """Build and run the hand-built models of one ridge and hold every layer against float64."""
    input:
        settings="<results>/specs/verification.json",
        code=verb("verify_construction"),
    output:
        expand(
            "<results>/construction/{{ridge}}/{table}.parquet",
            table=["cells", "layers", "widths", "families"],
        ),
    log:
        "<logs>/verify_construction/{ridge}.log",
    benchmark:
        "<benchmarks>/verify_construction/{ridge}.tsv"
    conda:
        "../../envs/conda/train.yaml"
    threads: 1
    resources:
        mem_mb=mem_mb(2000),
        runtime=minutes(60),
    params:
        directory=folder("construction/{ridge}"),
    message:
        "Verifying the construction, ridge {wildcards.ridge}"
    shell:
        recorded(
            "verify_construction",
            "python -m ickrr verify_construction --settings {input.settings} --ridge {wildcards.ridge}"
            " --output-directory {params.directory} --threads {threads}",
        )


rule tabulate_construction:
    """Gather the verified ridges, fit the exponents of depth and width, and sum up for the claims."""
    input:
        tables=expand(
            "<results>/construction/{ridge}/{table}.parquet",
            ridge=experiment.constructions.verification.ridges,
            table=["cells", "layers", "widths", "families"],
        ),
        contraction="<results>/tables/construction/contraction.parquet",
        statistics="<results>/specs/statistics.json",
        code=verb("tabulate_construction"),
    output:
        expand(
            "<results>/tables/construction/{table}.parquet",
            table=["cells", "layers", "widths", "families", "rates", "summary"],
        ),
    log:
        "<logs>/tabulate_construction.log",
    benchmark:
        "<benchmarks>/tabulate_construction.tsv"
    conda:
        "../../envs/conda/analysis.yaml"
    threads: 1
    resources:
        mem_mb=mem_mb(1000),
        runtime=minutes(10),
    params:
        ridges=list(experiment.constructions.verification.ridges),
        verification=folder("construction"),
        tables=folder("tables/construction"),
    message:
        "Tabulating the construction"
    shell:
        recorded(
            "tabulate_construction",
            "python -m ickrr tabulate_construction --verification {params.verification}"
            " --ridges {params.ridges} --statistics {input.statistics}"
            " --output-directory {params.tables}",
        )


rule measure_contraction:
    """Measure how fast preconditioned Richardson contracts on random and adversarial prompts."""
    input:
        settings="<results>/specs/contraction.json",
        code=verb("measure_contraction"),
    output:
        "<results>/tables/construction/contraction.parquet",
    log:
        "<logs>/measure_contraction.log",
    benchmark:
        "<benchmarks>/measure_contraction.tsv"
    conda:
        "../../envs/conda/train.yaml"
    threads: 1
    resources:
        mem_mb=mem_mb(2000),
        runtime=minutes(30),
    message:
        "Measuring contraction factors"
    shell:
        recorded(
            "measure_contraction",
            "python -m ickrr measure_contraction --settings {input.settings} --output {output}"
            " --threads {threads}",
        )


rule build_control:
    """Write the weights of a hand-built or random model, for the comparison."""
    input:
        run="<results>/specs/runs/{run}.json",
        code=verb("build_control"),
    output:
        weights="<results>/trained/{run}/seed{seed}/weights.safetensors",
        expected="<results>/trained/{run}/seed{seed}/expected.json",
    log:
        "<logs>/build_control/{run}/seed{seed}.log",
    benchmark:
        "<benchmarks>/build_control/{run}/seed{seed}.tsv"
    wildcard_constraints:
        run="|".join(CONTROLS) or "none",
    conda:
        "../../envs/conda/train.yaml"
    threads: 1
    resources:
        mem_mb=mem_mb(1500),
        runtime=minutes(10),
    params:
        kind=kind_of,
    message:
        "Building the control {wildcards.run}"
    shell:
        recorded(
            "build_control",
            "python -m ickrr build_control --run {input.run} --kind {params.kind} --seed {wildcards.seed}"
            " --weights {output.weights} --expected {output.expected}",
        )


rule check_controls:
    """Say of every control whether the comparison found what it had to find."""
    input:
        matches=of_controls("comparisons/{run}/seed{seed}/matches.parquet"),
        expected=of_controls("trained/{run}/seed{seed}/expected.json"),
        prompts=of_controls("prompts/{task}-evaluation.safetensors"),
        trajectories=of_controls(
            "trajectories/{task}-evaluation/preconditioned_richardson_ridge.safetensors"
        ),
        code=verb("check_controls"),
    output:
        "<results>/tables/construction/controls.parquet",
    log:
        "<logs>/check_controls.log",
    benchmark:
        "<benchmarks>/check_controls.tsv"
    conda:
        "../../envs/conda/analysis.yaml"
    threads: 1
    resources:
        mem_mb=mem_mb(1500),
        runtime=minutes(10),
    params:
        controls=list(CONTROLS),
        readouts=[control.readout for control in CONTROLS.values()],
    message:
        "Judging the controls"
    shell:
        recorded(
            "check_controls",
            "python -m ickrr check_controls --controls {params.controls} --readouts {params.readouts}"
            " --matches {input.matches} --expected {input.expected} --prompts {input.prompts}"
            " --trajectories {input.trajectories} --output {output}",
        )
