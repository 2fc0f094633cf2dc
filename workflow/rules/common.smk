# The configuration, how a job is told its code and settings, and the few functions that the rules share.

import gc
import json
import os
import shlex
import sys
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import get_args

# What is imported by now stays until the end, so the collector need not look at it again and again while the jobs
# are made.
gc.freeze()

# Where this workflow lies, whoever runs it from where: no path depends on the working directory.
ROOT = Path(workflow.current_basedir.get_path_or_uri(secret_free=True)).parents[1]
SOURCE = ROOT / "src"
sys.path.insert(0, str(SOURCE))

if brace := next((sign for sign in "{}" if sign in str(ROOT)), None):
    sys.exit(
        f"error: {ROOT}: the name of this folder has a '{brace}', where Snakemake would fill in wildcards; "
        "give the folder another name"
    )
try:
    str(ROOT).encode()
except UnicodeEncodeError:
    sys.exit(
        f"error: {str(ROOT)!a}: the name of this folder is no {sys.getfilesystemencoding().upper()}; give the "
        "folder another name (or, if it is UTF-8, set LC_ALL=C.UTF-8)"
    )
if not all(os.access(folder, os.W_OK) for folder in (".", *Path().glob(".snakemake"))):
    sys.exit(
        f"error: {Path.cwd()}: cannot be written, and Snakemake keeps its notes here, even of a dry run; make it "
        f"writable, or work elsewhere: snakemake -s {ROOT}/workflow/Snakefile --directory <folder>"
    )

from ickrr.code import code_digest
from ickrr.config import kinds
from ickrr.config.experiment import CONTROL_SOLVER, RunTable
from ickrr.config.load import load_experiment
from ickrr.config.load_ledger import load_ledger
from ickrr.config.task import Split
from ickrr.entries import KERNELS, LAWS, SOLVERS
from ickrr.errors import ConfigError, IckrrError
from ickrr.provenance import settings_text
from ickrr.report.latex import sources
from ickrr.resources import JobResources

# config.yaml is read by the library, so that a mistake in it ends in one message and no job. Snakemake's own
# `config` holds what the command line says: --config scale=smoke overlay=mine.yaml, or --configfile mine.yaml.
try:
    experiment = load_experiment(ROOT / "config.yaml", overrides=config)
    ledger = load_ledger(ROOT / "claims.yaml", experiment)
except ConfigError as error:
    sys.exit(f"config error:\n{error}")

RESULTS = f"results/{experiment.scale}"
CONTROLS = experiment.constructions.controls
RESOURCES = JobResources(experiment)


def one_of(names):
    """Pattern of a wildcard: what the configuration names, so that any other target is one that no rule makes."""
    return "|".join(names) or "(?!)"  # nothing matches that


wildcard_constraints:
    run=one_of(experiment.models),
    task=one_of(experiment.tasks),
    ridge=one_of(experiment.constructions.verification.ridges),
    seed=r"\d+",
    figure=one_of(experiment.figures),
    table=one_of(experiment.tables),


# What every shell command begins with: the Python that runs Snakemake (or that of a conda environment), which
# reads none of the caller's settings (-I), and our sources.
in_conda = "conda" in {
    str(method) for method in workflow.deployment_settings.deployment_method
}
RUN = f"{'python' if in_conda else shlex.quote(sys.executable)} -I {shlex.quote(str(SOURCE))}"


def here(value):
    """Params function: a value that holds a path of this machine.

    Snakemake compares neither such params nor the text of a command before they are filled in: a function that
    asks for `threads` is one of what the job was given, not of what it was asked.
    """
    return lambda wildcards, threads: value


def step(name, options, settings=(), log=" 2> {log:q}"):
    """The shell command of the job of a rule: the step of the same name, which is told its code (see `job`), what it
    reads and what it writes.

    Settings reach it as files that exist only while it reads them: `settings` names the params that hold them.
    A signal to the whole process group must not end the shell before the job, which may be saving its state.
    """
    given = " ".join(
        f"--{one.replace('_', '-')} <(printf %s {{params.{one}:q}})" for one in settings
    )
    return (
        f"trap : TERM; {{params.python}} {name} {options} {given} --rule={name} --recorded-in {RESULTS}"
        f" --code {{params.code}} --reads {{input:q}} --writes {{output:q}}{log}"
    )


def as_text(settings):
    """One line of JSON: of a model of the library, of plain values, or what is one already."""
    if isinstance(settings, str):
        return settings
    plain = (
        settings.model_dump(mode="json")
        if hasattr(settings, "model_dump")
        else settings
    )
    return settings_text(plain)


def job(name, chosen=(), **settings):
    """Params that tell a job its settings and its code; if one of them differs from the last time, it runs again.

    `chosen` is what the job runs beside its step: modules that it imports by name, a notebook; a function of the
    wildcards or a list. Settings are models of the library, or functions of the wildcards that give them.
    """

    def text(value, wildcards):
        return as_text(value(wildcards)) if callable(value) else value

    settings = {
        one: value if callable(value) else as_text(value)
        for one, value in settings.items()
    }

    def code(wildcards):
        modules = sorted(set(chosen(wildcards) if callable(chosen) else chosen))
        texts = [text(value, wildcards) for value in settings.values()]
        return " ".join(
            [
                code_digest(f"ickrr.steps.{name}", *modules),
                sha256("\0".join(texts).encode()).hexdigest()[:16],
                *modules,
            ]
        )

    def handed_over(value):
        return lambda wildcards: text(value, wildcards)

    given = {one: handed_over(value) for one, value in settings.items()}
    return {"python": here(RUN), "code": code, **given}


EXPERIMENT = as_text(experiment)


@cache
def run_text(name):
    """The resolved settings of a run."""
    return as_text(experiment.run(name))


def run_settings(wildcards):
    """The resolved run of a job."""
    return run_text(wildcards.run)


SPLITS = get_args(Split)


def prompt_sets_of(wildcards):
    """Settings of all stored prompts of a task."""
    sets = [experiment.prompt_set(f"{wildcards.task}-{split}") for split in SPLITS]
    return [one.model_dump(mode="json") for one in sets]


# Modules that jobs import by the name in their settings: kernels, laws, solvers.


def modules_of_task(task):
    """Kernel and law of a task."""
    return [KERNELS.dotted(task.kernel), LAWS.dotted(task.law)]


def modules_of_run(wildcards):
    """What a model's prompts are made with."""
    return modules_of_task(experiment.run(wildcards.run).task)


def modules_of_sampling(wildcards):
    """What drawing the prompts of a task runs."""
    return modules_of_task(experiment.task(wildcards.task))


def modules_of_solving(wildcards):
    """What solving the prompts of a task runs."""
    return modules_of_sampling(wildcards) + SOLVER_MODULES


def modules_of_tracing(wildcards):
    """What tracing a run's functions runs."""
    return modules_of_run(wildcards) + [SOLVERS.dotted(experiment.functions.solver)]


def modules_of_operators(wildcards):
    """What measuring a run's attention runs."""
    return modules_of_run(wildcards) + [LAWS.dotted(experiment.operators.other_law)]


def modules_of_anchor(wildcards):
    """What the comparison of linear regression runs."""
    return modules_of_task(experiment.run(ANCHOR).task)


def modules_of_figure(wildcards):
    """The notebook that draws a figure, and the solvers and laws that it names."""
    figure = experiment.figures[wildcards.figure]
    solvers = {"metarep/cg_curves", *get_args(RunTable)} - {"learning_curve", "noise"}
    shown = solvers & {*figure.tables, *figure.others}
    laws = CONTRACTION_LAWS if "construction/contraction" in figure.others else []
    notebook = kinds.notebook(figure.kind).relative_to(ROOT)
    return [str(notebook), *laws] + (SOLVER_MODULES if shown else [])


def modules_of_table(wildcards):
    """The module that builds a LaTeX table, and what it names."""
    return [
        f"ickrr.report.tables.{wildcards.table.removeprefix('tab_')}",
        *modules_of_experiment(),
    ]


def modules_of_experiment():
    """Whatever the settings of the experiment name: kernels and laws of its tasks, and solvers."""
    tasks = [
        one
        for name in experiment.tasks
        for one in modules_of_task(experiment.task(name))
    ]
    return [*tasks, *SOLVER_MODULES]


SOLVER_MODULES = [SOLVERS.dotted(name) for name in experiment.solvers.names]
CONTRACTION_LAWS = [
    LAWS.dotted(law) for law in experiment.constructions.contraction.laws
]
# Named by the constructions themselves, not by settings.
BUILT_SOLVERS = [
    SOLVERS.dotted(name)
    for name in [
        "conjugate_gradient",
        "preconditioned_cg",
        "richardson",
        "preconditioned_richardson_ridge",
    ]
]
RANDOM_LAWS = [LAWS.dotted(law) for law in ["spherical", "uniform", "gaussian"]]


def prompts_of(split):
    """Input function: the stored prompts of a run's task."""

    def path(wildcards):
        task = experiment.task_of(wildcards.run)
        return f"{RESULTS}/prompts/{task}-{split}.safetensors"

    return path


def evaluation_set(wildcards):
    """Settings of the evaluation prompts of a task, or of a run's task."""
    task = getattr(wildcards, "task", None) or experiment.task_of(wildcards.run)
    return experiment.prompt_set(f"{task}-evaluation")


def trajectories_of_run(wildcards):
    """Solver trajectories on the evaluation prompts of a run's task."""
    task = experiment.task_of(wildcards.run)
    return [
        f"{RESULTS}/trajectories/{task}-evaluation/{solver}.safetensors"
        for solver in experiment.solvers.names
    ]


def readout_of(wildcards):
    """How a run's layers are read: only controls have a choice."""
    control = CONTROLS.get(wildcards.run)
    return control.readout if control else "fitted"


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


def other_tables(settings):
    """Tables of no run that a figure or a table reads."""
    return [f"{RESULTS}/tables/{table}.parquet" for table in settings.others]


def asks_for(rule_name):
    """Resources of a rule: megabytes and minutes of its job, doubled on each retry."""

    def of(position):
        def amount(wildcards, attempt):
            found = RESOURCES.of(
                rule_name,
                run=getattr(wildcards, "run", None),
                task=getattr(wildcards, "task", None),
            )
            return found[position] * 2 ** (attempt - 1)

        return amount

    return {"mem_mb": of(0), "runtime": of(1)}


def priority_of(wildcards):
    """Priority of a training, or of the prompts of a task: compute.first_runs come before all others, in order."""
    first = experiment.compute.first_runs
    run, task = getattr(wildcards, "run", None), getattr(wildcards, "task", None)
    found = [name for name in first if name == run or experiment.task_of(name) == task]
    return len(first) - first.index(found[0]) if found else 0


def figure_tables(wildcards):
    """Tables that a figure reads."""
    figure = experiment.figures[wildcards.figure]
    return run_tables(figure.runs, figure.tables) + other_tables(figure)


def figure_parameters(wildcards):
    """Parameters of a figure's notebook, as YAML on one line."""
    return json.dumps(
        kinds.parameters(experiment, wildcards.figure, f"{RESULTS}/tables")
    )


CONSTRUCTION_TABLES = [
    "construction/cells",
    "construction/rates",
    "construction/contraction",
    "construction/controls",
    "metarep/cg",
    "metarep/width",
]
SUMMARY_TABLES = [
    f"{RESULTS}/tables/{table}.parquet" for table in experiment.operators.summaries
]


def table_inputs(wildcards):
    """What a LaTeX table reads."""
    table = experiment.tables[wildcards.table]
    further = FURTHER_TABLE_INPUTS.get(wildcards.table, [])
    shown = [*table.runs, *table.controls]
    return run_tables(shown, table.tables) + other_tables(table) + further


def all_run_tables(wildcards):
    """Tables of every run, from which the paper takes its numbers."""
    every = ["matches", "alignment", "pairs", "shares"]
    constructed = [f"{RESULTS}/tables/{table}.parquet" for table in CONSTRUCTION_TABLES]
    return (
        run_tables(experiment.runs, ["learning_curve"])
        + run_tables(experiment.compared, every)
        + run_tables(experiment.runs_showing("errors"), ["errors"])
        + run_tables(experiment.runs_showing("noise"), ["noise"])
        + constructed
        + SUMMARY_TABLES
    )


def of_all_models(pattern):
    """One file a trained model, ``{run}`` and ``{seed}`` in the pattern."""
    return [
        f"{RESULTS}/{pattern}".format(run=run, seed=seed)
        for run in experiment.runs
        for seed in experiment.seeds(run)
    ]


CLAIM_TABLES = [f"{RESULTS}/tables/{table}.parquet" for table in ledger.tables()]

# Beside tables of runs. The costs are those of everything up to the tables, which are inputs so that this one is
# written after them; benchmarks are not, because results that were made on another machine have none.
FURTHER_TABLE_INPUTS = {
    "tab_claims": [f"{RESULTS}/tables/claims.parquet"],
    "tab_cost": [
        *of_all_models("trained/{run}/seed{seed}/rate.parquet"),
        *run_tables(experiment.runs, ["learning_curve"]),
        *run_tables(experiment.compared, ["alignment"]),
        *SUMMARY_TABLES,
        *[f"{RESULTS}/tables/{table}.parquet" for table in CONSTRUCTION_TABLES],
        *run_tables(experiment.runs_showing("noise"), ["noise"]),
        *run_tables(experiment.runs_showing("functions"), ["functions"]),
    ],
}

PAPER = os.path.relpath(ROOT / "paper")


def paper_sources(wildcards):
    """Input function: what the paper's text is made of."""
    try:
        return list(map(os.path.relpath, sources(ROOT / "paper")))
    except IckrrError as error:
        sys.exit(f"error: {error}")


def folder(name):
    """Params function: a folder of the results that a step looks into; its files are inputs or outputs."""

    def path(wildcards):
        return f"{RESULTS}/{name}".format(**wildcards)

    return path


def kind_of(wildcards):
    """Which weights a control has."""
    return CONTROLS[wildcards.run].weights


def of_controls(pattern):
    """One file a control, ``{run}``, ``{seed}`` and ``{task}`` in the pattern."""
    return [
        f"{RESULTS}/{pattern}".format(
            run=name, seed=experiment.seeds(name)[0], task=control.task
        )
        for name, control in CONTROLS.items()
    ]


MEASURED_MODELS = [
    f"{run}/seed{seed}"
    for run in experiment.operators.runs
    for seed in experiment.seeds(run)
]
RECORDS = of_all_models("records/trained/{run}/seed{seed}/weights.safetensors.json")
ANCHOR = experiment.operators.anchor
ANCHOR_SEEDS = experiment.seeds(ANCHOR) if ANCHOR else []


def of_anchor(pattern):
    """Files of the run of linear regression, ``{run}``, ``{seed}`` and ``{task}`` in the pattern; none without one."""
    if ANCHOR is None:
        return []
    task = experiment.task_of(ANCHOR)
    paths = [
        f"{RESULTS}/{pattern}".format(run=ANCHOR, seed=seed, task=task)
        for seed in ANCHOR_SEEDS
    ]
    return list(dict.fromkeys(paths))
