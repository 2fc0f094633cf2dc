# The configuration, the resolved specs, and the few functions that the rules share.

import json
import os
import sys
from pathlib import Path

SOURCE = Path(workflow.basedir) / "src"
sys.path.insert(0, str(SOURCE))

from ickrr.cluster import sizes
from ickrr.config.load import load_experiment
from ickrr.errors import ConfigError
from ickrr.files import to_json, write_text_if_changed
from ickrr.provenance import import_closure

# `python` in a shell command is the one that runs Snakemake, also without an activated environment.
# PYTHONPATH is set inside the command because conda environments drop an exported one.
BIN = str(Path(sys.executable).parent)
os.environ.update(PATH=os.pathsep.join([BIN, os.getenv("PATH", os.defpath)]))
shell.prefix(f"export PYTHONPATH='{SOURCE}'; ")

# config.yaml is read by the library, so that a mistake in it ends in one message and no job. Snakemake's own
# `config` holds what the command line says: --config scale=smoke overlay=mine.yaml, or --configfile mine.yaml.
overrides = {
    key: value for key, value in config.items() if key not in ("scale", "overlay")
}
try:
    experiment = load_experiment(
        Path(workflow.basedir) / "config.yaml",
        scale=config.get("scale"),
        overlay=config.get("overlay"),
        overrides=overrides,
    )
except ConfigError as error:
    sys.exit(f"config error:\n{error}")

RESULTS = f"results/{experiment.scale}"


wildcard_constraints:
    run="[a-z][a-z0-9_]*",
    seed=r"\d+",
    prompts="[a-z][a-z0-9_]*-(fit|evaluation|validation)",
    figure="fig[a-z0-9_]*",
    table="tab_[a-z0-9_]*",


def write_specs():
    """Write the resolved specs, each only if it differs; they are the inputs that carry the configuration."""
    blocks = {
        "experiment": experiment,
        "solvers": experiment.solvers,
        "probe": experiment.probe,
        "statistics": experiment.statistics,
    }
    specs = {f"{name}.json": settings for name, settings in blocks.items()}
    specs |= {f"runs/{name}.json": experiment.run(name) for name in experiment.runs}
    specs |= {
        f"prompts/{name}.json": experiment.prompt_set(name)
        for name in experiment.prompt_sets()
    }
    for name, settings in specs.items():
        text = to_json(settings.model_dump(mode="json"))
        write_text_if_changed(f"{RESULTS}/specs/{name}", text)


write_specs()


def code(start):
    """Package files that a verb module or a notebook imports, relative to the working directory."""
    return [os.path.relpath(path) for path in import_closure(start)]


def verb(name):
    """Package files behind ``python -m ickrr <name>``."""
    return code(f"ickrr.commands.{name}")


def prompts_of(split):
    """Input function: the stored prompts of a run's task."""

    def path(wildcards):
        task = experiment.runs[wildcards.run].task
        return f"{RESULTS}/prompts/{task}-{split}.safetensors"

    return path


def trajectories_of_run(wildcards):
    """Solver trajectories on the evaluation prompts of a run's task."""
    task = experiment.runs[wildcards.run].task
    return [
        f"{RESULTS}/trajectories/{task}-evaluation/{solver}.safetensors"
        for solver in experiment.solvers.names
    ]


def of_all_seeds(pattern):
    """Input function: one file a seed of the run, ``{run}`` and ``{seed}`` in the pattern."""

    def paths(wildcards):
        return [
            f"{RESULTS}/{pattern}".format(run=wildcards.run, seed=seed)
            for seed in experiment.seeds(wildcards.run)
        ]

    return paths


def run_tables(runs, tables):
    """Tables of some runs."""
    return [
        f"{RESULTS}/tables/{run}/{table}.parquet" for run in runs for table in tables
    ]


def mem_mb(base):
    """Resource function: megabytes, or a function of the wildcards that gives them; doubled on each retry."""

    def size(wildcards, attempt):
        return (base(wildcards) if callable(base) else base) * 2 ** (attempt - 1)

    return size


def minutes(base):
    """Resource function: minutes, or a function of the wildcards that gives them; doubled on each retry."""

    def time(wildcards, attempt):
        return (base(wildcards) if callable(base) else base) * 2 ** (attempt - 1)

    return time


ON_GPU = experiment.compute.gpus_per_job > 0


def training_mb(wildcards):
    """Memory of training a run."""
    return sizes.training_mb(experiment.run(wildcards.run), ON_GPU)


def training_minutes(wildcards):
    """Time limit of training a run."""
    run = experiment.run(wildcards.run)
    return sizes.minutes(sizes.training_seconds(run, experiment.prompts, ON_GPU))


def probing_mb(wildcards):
    """Memory of probing a model."""
    return sizes.probing_mb(experiment.run(wildcards.run), experiment.probe, ON_GPU)


def probing_minutes(wildcards):
    """Time limit of probing a model."""
    run = experiment.run(wildcards.run)
    return sizes.minutes(sizes.probing_seconds(run, experiment.prompts, ON_GPU))


def solving_mb(wildcards):
    """Memory of solving a set of prompts."""
    prompts = experiment.prompt_set(wildcards.prompts)
    return sizes.solving_mb(prompts.task, prompts.count, experiment.solvers, ON_GPU)


def solving_minutes(wildcards):
    """Time limit of solving a set of prompts."""
    prompts = experiment.prompt_set(wildcards.prompts)
    return sizes.minutes(
        sizes.solving_seconds(prompts.task, prompts.count, experiment.solvers, ON_GPU)
    )


def comparing_mb(wildcards):
    """Memory of comparing a model with the solvers."""
    run = experiment.run(wildcards.run)
    return sizes.comparing_mb(run, experiment.prompts.evaluation, experiment.solvers)


def comparing_minutes(wildcards):
    """Time limit of comparing a model with the solvers."""
    return sizes.minutes(
        sizes.comparing_seconds(
            experiment.run(wildcards.run),
            experiment.prompts.evaluation,
            experiment.solvers,
            experiment.statistics.bootstrap_draws,
        )
    )


def figure_tables(wildcards):
    """Tables that a figure reads."""
    figure = experiment.figures[wildcards.figure]
    return run_tables(figure.runs, figure.tables)


def figure_code(wildcards):
    """Package files that a figure's notebook imports, and the style they share."""
    return code(f"workflow/notebooks/{wildcards.figure}.ipynb") + STYLE_FILES


def figure_parameters(wildcards):
    """Parameters of a figure's notebook, as YAML on one line."""
    return json.dumps(
        {
            "figure": wildcards.figure,
            "runs": experiment.figures[wildcards.figure].runs,
            "tables": f"{RESULTS}/tables",
            "output": f"{RESULTS}/figures/{wildcards.figure}",
            "scale": experiment.scale,
            "context_lengths": experiment.statistics.context_lengths,
            "solvers": experiment.solvers.headline,
        }
    )


STYLE_FILES = [os.path.relpath(path) for path in SOURCE.glob("ickrr/report/*.mplstyle")]


def table_inputs(wildcards):
    """Tidy tables that a LaTeX table reads."""
    table = experiment.tables[wildcards.table]
    return run_tables(table.runs, table.tables)


def all_run_tables(wildcards):
    """Tables of every run, from which the paper takes its numbers."""
    return run_tables(
        experiment.runs, ["errors", "matches", "alignment", "pairs", "learning_curve"]
    )


def of_all_models(pattern):
    """One file a trained model, ``{run}`` and ``{seed}`` in the pattern."""
    return [
        f"{RESULTS}/{pattern}".format(run=run, seed=seed)
        for run in experiment.runs
        for seed in experiment.seeds(run)
    ]


PAPER_SOURCES = sorted(
    str(path)
    for kind in ("tex", "bib", "sty")
    for path in Path("paper").rglob(f"*.{kind}")
)


def folder(name):
    """Params function: a folder of the results that a verb looks into; its files are inputs or outputs."""

    def path(wildcards):
        return f"{RESULTS}/{name}".format(**wildcards)

    return path
