# The site: static pages below <results>/site, on demand (`make site`; the target `site`). A page is a rule.

from ickrr.site import docs_files, explorer_files, results_files
from ickrr.site.playground_files import SCRIPTS, STYLE, played_run

# What the Results page hands on as it is.
HANDED_ON = ["paper.pdf"]
HANDED_ON += [f"figures/{name}.pdf" for name in experiment.figures]
HANDED_ON += [f"tables/{name}.csv" for name in experiment.tables]
DESCRIBED = {
    kind: {name: shown.description for name, shown in each.items()}
    for kind, each in {
        "figures": experiment.figures,
        "tables": experiment.tables,
    }.items()
}

# The run that is played with, none or one, and its first seed.
PLAYED = [name for name in [played_run(experiment)] if name]
PLAYED_MODELS = [f"{name}/seed{experiment.seeds(name)[0]}" for name in PLAYED]
PLAYED_TASKS = [experiment.task_of(name) for name in PLAYED]


rule build_results:
    """Build the Results page, with all figures, their data and notebooks, the tables and the ledger."""
    input:
        judged="<results>/tables/claims.parquet",
        tables=table_files(
            sorted(
                {
                    t
                    for f in experiment.figures.values()
                    for t in results_files.tables_of(f)
                }
            )
        ),
        drawn=expand("<results>/figures/{figure}.png", figure=experiment.figures),
        copied=expand("<results>/{file}", file=HANDED_ON),
    output:
        index="<results>/site/index.html",
        assets=expand(
            "<results>/site/assets/{name}",
            name=[*results_files.RESULTS_ASSETS, results_files.CODE_COLOURS],
        ),
        pictures=expand("<results>/site/figures/{f}.webp", f=experiment.figures),
        data=expand("<results>/site/data/{f}.zip", f=experiment.figures),
        notebooks=expand("<results>/site/notebooks/{f}.html", f=experiment.figures),
        copies=expand("<results>/site/{file}", file=HANDED_ON),
    log:
        "<logs>/build_results.log",
    benchmark:
        "<benchmarks>/build_results.tsv"
    conda:
        "../../envs/conda/site.yaml"
    threads: 1
    resources:
        **asks_for("build_results"),
    params:
        **job(
            "build_results",
            chosen=modules_of_results(),
            settings={"experiment": EXPERIMENT, "words": DESCRIBED},
            # No input: results that were made on another machine have none.
            executed=f"{LOGS}/draw_figure",
        ),
    message:
        "Building the Results page"
    shell:
        STEP


rule build_explorer:
    """Build the Explorer, with the data of every run that is compared with solvers."""
    input:
        tables=table_files(explorer_files.explorer_tables(experiment)),
    output:
        explorer="<results>/site/explorer.html",
        data=expand(
            "<results>/site/explorer/{r}.js",
            r=explorer_files.explored_runs(experiment),
        ),
        assets=expand(
            "<results>/site/assets/{name}",
            name=[*explorer_files.PLOT_LIBRARY, *explorer_files.EXPLORER_ASSETS],
        ),
    log:
        "<logs>/build_explorer.log",
    benchmark:
        "<benchmarks>/build_explorer.tsv"
    conda:
        "../../envs/conda/site.yaml"
    threads: 1
    resources:
        **asks_for("build_explorer"),
    params:
        **job(
            "build_explorer",
            chosen=SOLVER_MODULES,
            settings={"experiment": EXPERIMENT},
        ),
    message:
        "Building the Explorer"
    shell:
        STEP


rule build_docs:
    """Build the documentation, with search and the reference of the library."""
    input:
        texts=lambda wildcards: list(
            map(os.path.relpath, docs_files.documentation_sources(ROOT))
        ),
    output:
        docs="<results>/site/docs/index.html",
        search="<results>/site/docs/searchindex.js",
    log:
        "<logs>/build_docs.log",
    benchmark:
        "<benchmarks>/build_docs.tsv"
    conda:
        "../../envs/conda/site.yaml"
    threads: 1
    resources:
        **asks_for("build_docs"),
    params:
        **job("build_docs"),
    message:
        "Building the documentation"
    shell:
        STEP


rule build_playground:
    """Build the playground, in which a trained model of one-dimensional inputs runs in the browser."""
    input:
        weights=expand(
            "<results>/trained/{model}/weights.safetensors", model=PLAYED_MODELS
        ),
        predictions=expand(
            "<results>/predictions/{model}.safetensors", model=PLAYED_MODELS
        ),
        fit=expand("<results>/prompts/{task}-fit.safetensors", task=PLAYED_TASKS),
        evaluation=expand(
            "<results>/prompts/{task}-evaluation.safetensors", task=PLAYED_TASKS
        ),
        matches=table_files(f"{run}/matches" for run in PLAYED),
    output:
        page="<results>/site/playground.html",
        data=expand("<results>/site/playground/{run}.js", run=PLAYED),
        assets=expand("<results>/site/assets/{name}", name=[*SCRIPTS, STYLE]),
    log:
        "<logs>/build_playground.log",
    benchmark:
        "<benchmarks>/build_playground.tsv"
    conda:
        "../../envs/conda/train.yaml"
    threads: 1
    resources:
        **asks_for("build_playground"),
    params:
        **job(
            "build_playground",
            chosen=[
                module
                for task in PLAYED_TASKS
                for module in modules_of_task(experiment.task(task))
            ],
            settings={"experiment": EXPERIMENT},
            played=PLAYED,
            threads=all_threads,
        ),
    message:
        "Building the playground"
    shell:
        STEP
