rule write_table:
    """Write one table of the paper as LaTeX, Parquet and CSV."""
    input:
        tables=table_inputs,
    output:
        latex="<results>/latex/{table}.tex",
        parquet="<results>/tables/{table}.parquet",
        csv=report(
            "<results>/tables/{table}.csv",
            caption="../report/description.rst",
            category="Tables",
            labels={"table": "{table}"},
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
        **job("write_table", chosen=modules_of_table, experiment=EXPERIMENT),
        # Not compared with the last time (it asks for threads): only the report shows it.
        description=lambda wildcards, threads: experiment.tables[
            wildcards.table
        ].description,
        results=lambda wildcards: RESULTS,
    message:
        "Writing {wildcards.table}"
    shell:
        step(
            "write_table",
            "--table {wildcards.table} --results {params.results} --latex {output.latex}"
            " --parquet {output.parquet} --csv {output.csv}",
            settings=["experiment"],
        )


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
        tables=CLAIM_TABLES,
    output:
        "<results>/tables/claims.parquet",
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
            chosen=modules_of_experiment(),
            claims=ledger,
            experiment=EXPERIMENT,
        ),
        tables=folder("tables"),
    message:
        "Judging the claims"
    shell:
        step(
            "judge_claims",
            "--tables {params.tables} --output {output}",
            settings=["claims", "experiment"],
        )


rule write_numbers:
    """Write every number of the paper's text as a macro, and where the results come from."""
    input:
        tables=all_run_tables,
        claims="<results>/tables/claims.parquet",
    output:
        numbers="<results>/latex/numbers.tex",
        provenance="<results>/latex/provenance.tex",
    log:
        "<logs>/write_numbers.log",
    benchmark:
        "<benchmarks>/write_numbers.tsv"
    conda:
        "../../envs/conda/analysis.yaml"
    threads: 1
    resources:
        **asks_for("write_numbers"),
    params:
        **job("write_numbers", chosen=modules_of_experiment(), experiment=EXPERIMENT),
        tables=folder("tables"),
        records=RECORDS,
    message:
        "Writing the numbers of the text"
    shell:
        step(
            "write_numbers",
            "--tables {params.tables} --claims {input.claims} --records {params.records:q}"
            " --numbers {output.numbers} --provenance {output.provenance}",
            settings=["experiment"],
        )
