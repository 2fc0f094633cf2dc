# Modules that jobs import by the name in their settings (kernels, laws, solvers, nulls, tables), and notebooks: an edit
# in one of them reruns the jobs that it is chosen for.

from typing import get_args

from ickrr.config import kinds
from ickrr.config.experiment import UNSOLVED_TABLES, RunTable
from ickrr.constructions.conjugate.solvers import REFERENCES, STATIONARY
from ickrr.constructions.richardson.drawn_laws import DIRECTIONS, RANDOM_LAWS
from ickrr.entries import KERNELS, LAWS, NULLS, SOLVERS, STATISTICS

STATISTIC_MODULES = [STATISTICS.dotted(name) for name in ledger.statistics()]
SOLVER_MODULES = [SOLVERS.dotted(name) for name in experiment.solvers.names]
NULL_MODULES = [NULLS.dotted(name) for name in experiment.solvers.nulls]
CONTRACTION_LAWS = [
    LAWS.dotted(law) for law in {*experiment.constructions.contraction.laws, DIRECTIONS}
]
# Named by the constructions themselves, not by settings.
BUILT_SOLVERS = [
    SOLVERS.dotted(name) for name in [*REFERENCES.values(), *STATIONARY.values()]
]
VERIFICATION_LAWS = [LAWS.dotted(law) for law in {*RANDOM_LAWS, DIRECTIONS}]


def modules_of_task(task):
    """Kernel and law of a task."""
    return [KERNELS.dotted(task.kernel), LAWS.dotted(task.law)]


def modules_of_experiment():
    """Whatever the settings of the experiment name: kernels and laws of its tasks, solvers and nulls."""
    tasks = [
        one
        for name in experiment.tasks
        for one in modules_of_task(experiment.task(name))
    ]
    return [*tasks, *SOLVER_MODULES, *NULL_MODULES]


def modules_of_run(wildcards):
    """What a model's prompts are made with."""
    return modules_of_task(experiment.task(experiment.task_of(wildcards.run)))


def modules_of_sampling(wildcards):
    """What drawing the prompts of a task runs."""
    return modules_of_task(experiment.task(wildcards.task))


def modules_of_solving(wildcards):
    """What solving the prompts of a task runs."""
    return modules_of_sampling(wildcards) + SOLVER_MODULES + NULL_MODULES


def modules_of_tracing(wildcards):
    """What tracing a run's functions runs."""
    return modules_of_run(wildcards) + [SOLVERS.dotted(experiment.functions.solver)]


def modules_of_operators(wildcards):
    """What measuring a run's attention runs."""
    return modules_of_run(wildcards) + [LAWS.dotted(experiment.operators.other_law)]


def modules_of_anchor(wildcards):
    """What the comparison of linear regression runs."""
    tasks = [experiment.run(run).task for run in experiment.anchors]
    return [module for task in tasks for module in modules_of_task(task)]


def modules_of_figure(wildcards):
    """The notebook that draws a figure, and the solvers and laws that it names."""
    figure = experiment.figures[wildcards.figure]
    solvers = {"metarep/cg_curves", *get_args(RunTable)} - UNSOLVED_TABLES
    shown = solvers & {*figure.tables, *figure.others}
    laws = CONTRACTION_LAWS if "construction/contraction" in figure.others else []
    notebook = kinds.notebook(figure.kind).relative_to(ROOT)
    return [str(notebook), *laws] + (SOLVER_MODULES if shown else [])


def modules_of_table(wildcards):
    """The module that builds a LaTeX table, and what it names."""
    name = wildcards.table.removeprefix("tab_")
    claims = "claims" in experiment.tables[wildcards.table].others
    statistics = STATISTIC_MODULES if claims else []
    return [f"ickrr.report.tables.{name}", *modules_of_experiment(), *statistics]


def modules_of_results():
    """The notebooks that the Results page shows, and what the claims name."""
    kinds_shown = {figure.kind for figure in experiment.figures.values()}
    shown = [str(kinds.notebook(kind).relative_to(ROOT)) for kind in kinds_shown]
    return [*shown, *modules_of_experiment(), *STATISTIC_MODULES]
