rule write_table:
    """Write one table of the paper as LaTeX, Parquet and CSV."""
    input:
        tables=paper_table_files,
    output:
        latex="<results>/latex/{table}.tex",
        parquet="<results>/tables/{table}.parquet",
        csv=report(
            "<results>/tables/{table}.csv",
            caption="../report/description.rst",
            category="Tables",
            labels=labels_of("table", experiment.tables),
        ),
    log:
        "<logs>/write_table/{table}.log",
    benchmark:
        "<benchmarks>/write_table/{table}.tsv"
    conda:
        "../../envs/conda/analysis.yaml"
    threads: 1
    resources:
        **asks_for("write_table"),
    params:
        **job(
            "write_table",
            chosen=modules_of_table,
            settings={"experiment": EXPERIMENT},
            table="{table}",
            # No input: results that were made on another machine have none.
            benchmarks=f"{RESULTS}/benchmarks",
        ),
        # Not compared with the last time (it asks for threads): only the report shows it.
        description=lambda wildcards, threads: experiment.tables[
            wildcards.table
        ].description,
    message:
        "Writing {wildcards.table}"
    shell:
        STEP


for table in experiment.tables:

    rule:
        name:
            table
        input:
            f"<results>/latex/{table}.tex",
        localrule: True


rule judge_claims:
    """Judge every claim of the ledger from the tables."""
    input:
        tables=table_files(ledger.tables()),
    output:
        judged="<results>/tables/claims.parquet",
    log:
        "<logs>/judge_claims.log",
    benchmark:
        "<benchmarks>/judge_claims.tsv"
    conda:
        "../../envs/conda/analysis.yaml"
    threads: 1
    resources:
        **asks_for("judge_claims"),
    params:
        **job(
            "judge_claims",
            chosen=modules_of_experiment() + STATISTIC_MODULES,
            settings={"claims": ledger, "experiment": EXPERIMENT},
        ),
    message:
        "Judging the claims"
    shell:
        STEP


rule write_numbers:
    """Write every number of the paper's text as a macro, and where the results come from."""
    input:
        tables=table_files(tables_read(experiment)),
        claims="<results>/tables/claims.parquet",
    output:
        numbers="<results>/latex/numbers.tex",
        provenance="<results>/latex/provenance.tex",
    log:
        "<logs>/write_numbers.log",
    benchmark:
        "<benchmarks>/write_numbers.tsv"
    # The longest job before the paper: begun last, it would keep all but one core waiting.
    priority: 1
    conda:
        "../../envs/conda/analysis.yaml"
    threads: 1
    resources:
        **asks_for("write_numbers"),
    params:
        **job(
            "write_numbers",
            # The text says how clustered inputs are drawn, whether or not a task has them.
            chosen=modules_of_experiment() + [LAWS.dotted("clustered")],
            settings={"experiment": EXPERIMENT},
            records=of_models(
                experiment.runs,
                "records/trained/{run}/seed{seed}/weights.safetensors.json",
            ),
            judged=f"{RESULTS}/records/tables/claims.parquet.json",
        ),
    message:
        "Writing the numbers of the text"
    shell:
        STEP
