from ickrr.config.constructions import CONTROL_SOLVER


rule verify_construction:
    """Build and run the hand-built models of one ridge, and compare every layer with float64."""
    output:
        cells="<results>/construction/{ridge}/cells.parquet",
        layers="<results>/construction/{ridge}/layers.parquet",
        widths="<results>/construction/{ridge}/widths.parquet",
        families="<results>/construction/{ridge}/families.parquet",
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
            settings={"settings": experiment.constructions.verification},
            ridge="{ridge}",
            threads=all_threads,
        ),
    message:
        "Verifying the construction, ridge {wildcards.ridge}"
    shell:
        STEP


rule tabulate_construction:
    """Gather the verified ridges, fit the exponents of depth and width, and sum up for the claims."""
    input:
        verified_cells=of_all_ridges("cells"),
        verified_layers=of_all_ridges("layers"),
        verified_widths=of_all_ridges("widths"),
        verified_families=of_all_ridges("families"),
        contraction="<results>/tables/construction/contraction.parquet",
    output:
        cells="<results>/tables/construction/cells.parquet",
        layers="<results>/tables/construction/layers.parquet",
        widths="<results>/tables/construction/widths.parquet",
        families="<results>/tables/construction/families.parquet",
        rates="<results>/tables/construction/rates.parquet",
        summary="<results>/tables/construction/summary.parquet",
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
        **job(
            "tabulate_construction",
            settings={
                "settings": experiment.constructions.verification,
                "statistics": experiment.statistics,
            },
        ),
    message:
        "Tabulating the construction"
    shell:
        STEP


rule measure_contraction:
    """Measure how fast preconditioned Richardson contracts on random and adversarial prompts."""
    output:
        table="<results>/tables/construction/contraction.parquet",
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
            settings={"settings": experiment.constructions.contraction},
            threads=all_threads,
        ),
    message:
        "Measuring contraction factors"
    shell:
        STEP


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
        **job(
            "build_control",
            chosen=modules_of_run,
            settings={"run": run_settings},
            kind=lambda wildcards: CONTROLS[wildcards.run].weights,
            seed="{seed}",
        ),
    message:
        "Building the control {wildcards.run}"
    shell:
        STEP


rule check_controls:
    """Say of every control whether the comparison found what it had to find."""
    input:
        matches=of_models(CONTROLS, "tables/{run}/matches.parquet"),
        expected=of_models(CONTROLS, "trained/{run}/seed{seed}/expected.json"),
        prompts=of_models(CONTROLS, "prompts/{task}-evaluation.safetensors"),
        trajectories=of_models(
            CONTROLS, f"trajectories/{{task}}-evaluation/{CONTROL_SOLVER}.safetensors"
        ),
    output:
        table="<results>/tables/construction/controls.parquet",
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
        **job(
            "check_controls",
            controls=list(CONTROLS),
            readouts=[control.readout for control in CONTROLS.values()],
        ),
    message:
        "Judging the controls"
    shell:
        STEP
