# What jobs ask for, computed from their settings (ickrr/cluster/sizes.py); doubled on each retry by the rules.

from ickrr.cluster import sizes

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
    prompts = evaluation_set(wildcards)
    return sizes.solving_mb(prompts.task, prompts.count, experiment.solvers, ON_GPU)


def solving_minutes(wildcards):
    """Time limit of solving a set of prompts."""
    prompts = evaluation_set(wildcards)
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


def operators_mb(wildcards):
    """Memory of measuring a model's attention."""
    return sizes.operators_mb(experiment.run(wildcards.run), experiment.operators)


def operators_minutes(wildcards):
    """Time limit of measuring a model's attention."""
    run = experiment.run(wildcards.run)
    return sizes.minutes(sizes.operators_seconds(run, experiment.operators))
