rule verify_construction:
    """Build and run the hand-built models of one ridge, and compare every layer with float64."""
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
        **asks_for("verify_construction"),
    params:
        **job(
            "verify_construction",
            chosen=VERIFICATION_LAWS,
            settings=experiment.constructions.verification,
        ),
        directory=folder("construction/{ridge}"),
    message:
        "Verifying the construction, ridge {wildcards.ridge}"
    shell:
        step(
            "verify_construction",
            "--ridge {wildcards.ridge} --output-directory {params.directory} --threads {threads}",
            settings=["settings"],
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
        **asks_for("tabulate_construction"),
    params:
        **job("tabulate_construction", statistics=experiment.statistics),
        ridges=list(experiment.constructions.verification.ridges),
        verification=folder("construction"),
        tables=folder("tables/construction"),
    message:
        "Tabulating the construction"
    shell:
        step(
            "tabulate_construction",
            "--verification {params.verification} --ridges {params.ridges}"
            " --output-directory {params.tables}",
            settings=["statistics"],
        )


rule measure_contraction:
    """Measure how fast preconditioned Richardson contracts on random and adversarial prompts."""
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
        **asks_for("measure_contraction"),
    params:
        **job(
            "measure_contraction",
            chosen=CONTRACTION_LAWS,
            settings=experiment.constructions.contraction,
        ),
    message:
        "Measuring contraction factors"
    shell:
        step(
            "measure_contraction",
            "--output {output} --threads {threads}",
            settings=["settings"],
        )


rule build_control:
    """Write the weights of a hand-built or random model, for the comparison."""
    output:
        weights="<results>/trained/{run}/seed{seed}/weights.safetensors",
        expected="<results>/trained/{run}/seed{seed}/expected.json",
    log:
        "<logs>/build_control/{run}/seed{seed}.log",
    benchmark:
        "<benchmarks>/build_control/{run}/seed{seed}.tsv"
    wildcard_constraints:
        run=one_of(CONTROLS),
    conda:
        "../../envs/conda/train.yaml"
    threads: 1
    resources:
        **asks_for("build_control"),
    params:
        **job("build_control", chosen=modules_of_run, run=run_settings),
        kind=kind_of,
    message:
        "Building the control {wildcards.run}"
    shell:
        step(
            "build_control",
            "--kind {params.kind} --seed {wildcards.seed} --weights {output.weights}"
            " --expected {output.expected}",
            settings=["run"],
        )


rule check_controls:
    """Say of every control whether the comparison found what it had to find."""
    input:
        matches=of_controls("tables/{run}/matches.parquet"),
        expected=of_controls("trained/{run}/seed{seed}/expected.json"),
        prompts=of_controls("prompts/{task}-evaluation.safetensors"),
        trajectories=of_controls(
            f"trajectories/{{task}}-evaluation/{CONTROL_SOLVER}.safetensors"
        ),
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
        **asks_for("check_controls"),
    params:
        **job("check_controls"),
        controls=list(CONTROLS),
        readouts=[control.readout for control in CONTROLS.values()],
    message:
        "Judging the controls"
    shell:
        step(
            "check_controls",
            "--controls {params.controls} --readouts {params.readouts}"
            " --matches {input.matches} --expected {input.expected} --prompts {input.prompts}"
            " --trajectories {input.trajectories} --output {output}",
        )
