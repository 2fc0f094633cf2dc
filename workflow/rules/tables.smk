rule write_table:
    """Write one table of the paper as LaTeX, Parquet and CSV."""
    input:
        experiment="<results>/specs/experiment.json",
        tables=table_inputs,
        code=verb("table"),
        module=table_code,
    output:
        latex="<results>/latex/{table}.tex",
        parquet="<results>/tables/{table}.parquet",
        csv=report(
            "<results>/tables/{table}.csv",
            caption="../report/tables.rst",
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
        mem_mb=mem_mb(1000),
        runtime=minutes(10),
    params:
        results=lambda wildcards: RESULTS,
    message:
        "Writing {wildcards.table}"
    shell:
        recorded(
            "write_table",
            "python -m ickrr table --table {wildcards.table} --experiment {input.experiment}"
            " --results {params.results} --latex {output.latex} --parquet {output.parquet}"
            " --csv {output.csv}",
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
        claims="<results>/specs/claims.json",
        experiment="<results>/specs/experiment.json",
        tables=CLAIM_TABLES,
        code=verb("claims"),
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
        mem_mb=mem_mb(1000),
        runtime=minutes(10),
    params:
        tables=folder("tables"),
    message:
        "Judging the claims"
    shell:
        recorded(
            "judge_claims",
            "python -m ickrr claims --claims {input.claims} --experiment {input.experiment}"
            " --tables {params.tables} --output {output}",
        )


rule write_numbers:
    """Write every number of the paper's text as a macro, and where the results come from."""
    input:
        experiment="<results>/specs/experiment.json",
        tables=all_run_tables,
        claims="<results>/tables/claims.parquet",
        records=of_all_models("trained/{run}/seed{seed}/run.json"),
        code=verb("numbers"),
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
        mem_mb=mem_mb(1000),
        runtime=minutes(10),
    params:
        tables=folder("tables"),
    message:
        "Writing the numbers of the text"
    shell:
        recorded(
            "write_numbers",
            "python -m ickrr numbers --experiment {input.experiment} --tables {params.tables}"
            " --claims {input.claims} --records {input.records} --numbers {output.numbers}"
            " --provenance {output.provenance}",
        )
