# Which files a job reads, and which settings are those of its run or task.

from functools import cache
from typing import get_args

from ickrr.config import kinds, paper_tables
from ickrr.config.task import Stored
from ickrr.report.latex import sources
from ickrr.report.numbers.reads import tables_read

SPLITS = get_args(Stored)


# Runs and tasks.


@cache
def run_text(name):
    """The resolved settings of a run."""
    return as_text(experiment.run(name))


def run_settings(wildcards):
    """The resolved run of a job."""
    return run_text(wildcards.run)


def seeds_of_run(wildcards):
    """Seeds of a run, in the order of what `of_all_seeds` lists."""
    return experiment.seeds(wildcards.run)


def readout_of(wildcards):
    """How a run's layers are read: only controls have a choice."""
    control = CONTROLS.get(wildcards.run)
    return control.readout if control else "fitted"


def prompt_sets_of(wildcards):
    """Settings of all stored prompts of a task."""
    sets = [experiment.prompt_set(f"{wildcards.task}-{split}") for split in SPLITS]
    return [one.model_dump(mode="json") for one in sets]


def evaluation_set(wildcards):
    """Settings of the evaluation prompts of a task, or of a run's task."""
    task = getattr(wildcards, "task", None) or experiment.task_of(wildcards.run)
    return experiment.prompt_set(f"{task}-evaluation")


def validation_set(wildcards):
    """Settings of the prompts that the learning curve of a run is measured on."""
    return experiment.prompt_set(f"{experiment.task_of(wildcards.run)}-validation")


def prompts_of(split):
    """Input function: the stored prompts of a run's task."""

    def path(wildcards):
        task = experiment.task_of(wildcards.run)
        return f"{RESULTS}/prompts/{task}-{split}.safetensors"

    return path


def trajectories_of_run(wildcards):
    """Input function: trajectories of solvers and nulls on the evaluation prompts of a run's task."""
    return trajectories_of(wildcards.run, experiment.solvers.compared)


def headline_trajectories(wildcards):
    """Input function: the same, of the main solvers alone."""
    return trajectories_of(wildcards.run, experiment.solvers.headline)


def trajectories_of(run, solvers):
    """Trajectories of some solvers or nulls on the evaluation prompts of a run's task."""
    prompts = f"{experiment.task_of(run)}-evaluation"
    return [
        f"{RESULTS}/trajectories/{prompts}/{solver}.safetensors" for solver in solvers
    ]


def of_all_seeds(pattern):
    """Input function: a file for each seed of the run, ``{run}`` and ``{seed}`` in the pattern."""

    def paths(wildcards):
        return of_models([wildcards.run], pattern)

    return paths


def built_runs(wildcards):
    """Settings of the controls that are built for a run's task and read as trained models are."""
    built = experiment.built_for(wildcards.run)
    return [experiment.run(name).model_dump(mode="json") for name in built]


def of_built(pattern):
    """Input function: a file for each of them, ``{run}`` and ``{seed}`` in the pattern."""
    return lambda wildcards: of_models(experiment.built_for(wildcards.run), pattern)


def of_models(runs, pattern):
    """A file for each seed of some runs, ``{run}``, ``{seed}`` and ``{task}`` in the pattern."""
    return [
        f"{RESULTS}/{pattern}".format(run=run, seed=seed, task=experiment.task_of(run))
        for run in runs
        for seed in experiment.seeds(run)
    ]


def of_runs(runs, pattern):
    """A file for each of some runs, ``{run}`` and ``{task}`` in the pattern."""
    return [
        f"{RESULTS}/{pattern}".format(run=run, task=experiment.task_of(run))
        for run in runs
    ]


# Constructions.


def of_all_ridges(table):
    """A table of the verification for each ridge."""
    return [
        f"{RESULTS}/construction/{ridge}/{table}.parquet"
        for ridge in experiment.constructions.verification.ridges
    ]


# Tables, figures, numbers and the paper.


def table_files(names):
    """Files of tables, by their path below ``tables``."""
    return [f"{RESULTS}/tables/{name}.parquet" for name in names]


def shown_tables(settings, runs):
    """Tables that a figure or a table of the paper shows, of some runs and of none."""
    of_runs = [f"{run}/{table}" for run in runs for table in settings.tables]
    return table_files([*of_runs, *settings.others])


def figure_tables(wildcards):
    """Input function: tables that a figure reads."""
    figure = experiment.figures[wildcards.figure]
    return shown_tables(figure, figure.runs)


def figure_parameters(wildcards):
    """Parameters of a figure's notebook, as JSON."""
    return json.dumps(kinds.parameters(experiment, wildcards.figure))


def notebook_of(wildcards, threads):
    """Option of `job`: the notebook that draws a figure, which Snakemake does not compare as a path."""
    return str(kinds.notebook(experiment.figures[wildcards.figure].kind))


def paper_table_files(wildcards):
    """Input function: what a table of the paper reads.

    The costs are those of everything up to the tables, which are inputs so that this one is written after them.
    """
    table = experiment.tables[wildcards.table]
    shown = shown_tables(table, [*table.runs, *table.controls])
    shown += table_files(
        [f"{run}/{name}" for run in table.runs for name in table.tables_of_runs]
    )
    if not paper_tables.load(wildcards.table).costs_of:
        return shown
    traced = [f"{run}/functions" for run in experiment.runs_showing("functions")]
    rates = of_models(experiment.runs, "trained/{run}/seed{seed}/rate.parquet")
    return shown + rates + table_files(tables_read(experiment) + traced)


def labels_of(kind, shown):
    """Labels of a result in the HTML report, which sorts by the first: place, title, and what `snakemake` makes it by.

    Those with a number come first, in its order; the others follow as config.yaml has them.
    """
    number = lambda name: int(name[3:]) if name[3:].isdigit() else len(shown) + 1
    order = sorted(shown, key=number)

    def labels(wildcards):
        name = getattr(wildcards, kind)
        place = f"{order.index(name) + 1:02}"
        return {"no.": place, kind: shown[name].title or name, "target": name}

    return labels


PAPER = os.path.relpath(ROOT / "paper")


def paper_sources(wildcards):
    """Input function: what the paper's text is made of."""
    try:
        return list(map(os.path.relpath, sources(ROOT / "paper")))
    except IckrrError as error:
        sys.exit(f"error: {error}")
