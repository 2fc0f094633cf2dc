"""The disk space that the results of each job take.

The large files are counted; all others are taken as one megabyte for each job.
"""

from collections.abc import Mapping

from ickrr.config.experiment import Experiment
from ickrr.model.size import parameters

DOUBLE, SINGLE = 8, 4  # bytes of a number
SMALL = 1e6  # [bytes] tables, figures, records, logs of a job
BUILT = 4e7  # [bytes] a hand-built model with its interpolants [measured: 3.2e7]
COMPARISONS = 24  # kinds of rows, times kernels, times controls
FILES = 8  # outputs, their records and Snakemake's, log, benchmark


def written_bytes(experiment: Experiment, rule: str, wildcards: Mapping[str, str]) -> float:
    """Return an upper bound on the bytes that a job writes."""
    return SMALL + _large(experiment, rule, wildcards)


def _large(experiment: Experiment, rule: str, wildcards: Mapping[str, str]) -> float:
    """Return the bytes of the large files of a job."""
    prompts = experiment.prompts
    if rule in ("sample_prompts", "solve_prompts"):
        task = experiment.task(wildcards["task"])
        points = task.context_length + 1
        if rule == "sample_prompts":
            counts = prompts.fit + prompts.evaluation
            return DOUBLE * counts * points * (task.dimension + 4)  # x, and y, f, its mean and variance
        steps, compared = experiment.solvers.steps + 1, len(experiment.solvers.compared)
        return DOUBLE * compared * (steps + 1) * prompts.evaluation * points
    if rule == "build_control":
        return BUILT
    if rule not in ("train_model", "probe_model", "measure_operators"):
        return 0.0
    run = experiment.run(wildcards["run"])
    if rule == "probe_model":
        return DOUBLE * (run.model.layers + 2) * prompts.evaluation * (run.task.context_length + 1)
    if rule == "measure_operators":
        # Distances of every head to every kernel and control, at every level of the dials.
        levels = 1 + sum(len(levels) - 1 for levels in experiment.operators.dials.levels().values())
        heads = run.model.layers * run.model.heads
        return DOUBLE * COMPARISONS * levels * experiment.operators.prompts * heads
    # Weights, and while it trains a checkpoint of them, their moments and a copy; what is kept, in both.
    return SINGLE * (5 + 2 * run.training.snapshots) * parameters(run.model, run.task)
