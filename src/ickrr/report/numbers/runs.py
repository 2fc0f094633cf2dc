"""Numbers of the runs: settings, learning curves, errors, alignment with the solvers, and verdicts."""

from typing import Final, NamedTuple, get_args

import pandas as pd

from ickrr.config.claim_terms import OfSolver
from ickrr.config.experiment import Experiment
from ickrr.report.curves import (
    TRANSFORMER,
    cut_at,
    divergence_ceiling,
    error_curve,
    first_step_below,
    last_layer_mse,
)
from ickrr.report.formatting import camel_case, escape, joined, number, setting_number
from ickrr.report.load import Tables, estimate, load_table
from ickrr.report.methods import prose_name
from ickrr.report.numbers.macros import UNDEFINED, Macros
from ickrr.report.verdicts import Ranking, rank, trend_word

PERCENT: Final = frozenset({"censored_share"})
LEARNED: Final = 0.05
"""Excess risk over the Bayes risk below which a model has learned its task, as in the gates of claims."""


class Clause(NamedTuple):
    """How the text says which solver is best by a statistic.

    Attributes:
        macro: what its macro ends in.
        one: what follows the name of a single solver.
        several: what follows the names of several that do not differ.
    """

    macro: str
    one: str
    several: str


CLAUSES: Final = {
    "similarity": Clause("SimilarityOrder", "is the most similar", "are the most similar"),
    "distance": Clause("DistanceOrder", "is the nearest", "are the nearest"),
}


def run_numbers(macros: Macros, experiment: Experiment, tables: Tables) -> None:
    """Add the settings that all runs share, and all numbers of each run.

    Args:
        macros: where they are added.
        experiment: the resolved experiment.
        tables: the tidy tables, see `ickrr.report.load.Tables`.

    Raises:
        FileError: a table is missing or lacks a row.
        MacroError: two runs get the same macro name.
    """
    experiment_numbers(macros, experiment)
    for run in experiment.runs:
        name = camel_case(run)
        setting_numbers(macros, name, experiment, run)
        training_numbers(macros, name, load_table(tables, [run], "learning_curve"))
    for run in experiment.compared:
        name = camel_case(run)
        alignment = load_table(tables, [run], "alignment")
        alignment_numbers(macros, name, alignment, experiment)
        verdict_clauses(macros, name, alignment, load_table(tables, [run], "pairs"), experiment)
    for run in experiment.runs_showing("errors"):
        error_numbers(macros, camel_case(run), load_table(tables, [run], "errors"), experiment)


def experiment_numbers(macros: Macros, experiment: Experiment) -> None:
    """Add the settings that all runs share."""
    solvers, statistics = experiment.solvers, experiment.statistics
    prompts = experiment.prompts
    numbers: dict[str, float] = {
        "SolverSteps": solvers.steps,
        "Relaxation": solvers.omega,
        "JacobiDamping": solvers.jacobi_damping,
        "BootstrapDraws": statistics.bootstrap_draws,
        "ConfidencePercent": 100 * statistics.confidence,
        "ProbeRidge": experiment.probe.ridge,
        "FitPrompts": prompts.fit,
        "EvaluationPrompts": prompts.evaluation,
        "ValidationPrompts": prompts.validation,
    }
    for name, value in numbers.items():
        macros.add(name, setting_number(value))
    macros.add("ReportedContextLengths", ", ".join(map(str, statistics.context_lengths)))


def setting_numbers(macros: Macros, name: str, experiment: Experiment, run: str) -> None:
    """Add the settings of one run."""
    settings = experiment.run(run)
    task, model, training = settings.task, settings.model, settings.training
    macros.add(f"{name}Law", escape(task.law))
    numbers: dict[str, float] = {
        "Dimension": task.dimension,
        "Lengthscale": task.lengthscale,
        "NoiseStd": task.noise_std,
        "Ridge": task.noise_std**2,
        "ContextLength": task.context_length,
        "Layers": model.layers,
        "Width": model.width,
        "Heads": model.heads,
        "Steps": training.steps,
        "BatchSize": training.batch_size,
        "SeedCount": len(experiment.seeds(run)),
        "MuonRate": training.muon.learning_rate,
        "AdamWRate": training.adamw.learning_rate,
        "WarmupSteps": training.warmup_steps,
    }
    for quantity, value in numbers.items():
        macros.add(f"{name}{quantity}", setting_number(value))
    clip = training.gradient_clip
    macros.add(f"{name}GradientClip", r"\ensuremath{\infty}" if clip is None else setting_number(clip))


def training_numbers(macros: Macros, name: str, learning_curve: pd.DataFrame) -> None:
    """Add what the learning curve of one run ends in."""
    by_seed = learning_curve.sort_values("step").groupby("seed")
    final, initial = by_seed.tail(1), by_seed.head(1)
    excess, bayes = final["excess_risk"], float(final["bayes_risk"].mean())
    mean = float(excess.mean(skipna=False))  # a diverged seed makes the mean undefined, not better
    macros.value(f"{name}BayesRisk", bayes)
    macros.value(f"{name}InitialExcessRisk", float(initial["excess_risk"].mean()))
    macros.value(f"{name}ExcessRisk", mean)
    low, high = number(float(excess.min())), number(float(excess.max()))
    macros.add(f"{name}ExcessRiskRange", f"{low} to {high}" if excess.notna().all() else UNDEFINED)
    macros.value(f"{name}ExcessShare", 100 * mean / bayes)
    macros.value(f"{name}LearnedSeeds", int((excess / bayes < LEARNED).sum()))
    macros.add(f"{name}DivergedSeeds", str(int(by_seed["diverged"].any().sum())))


def error_numbers(macros: Macros, name: str, errors: pd.DataFrame, experiment: Experiment) -> None:
    """Add what the errors at n = N say, and which solvers diverge where."""
    n_last = errors["context_length"].max()
    at_last = errors[errors["context_length"] == n_last]
    layers = at_last[at_last["method"] == TRANSFORMER]
    probe = layers[layers["step"] == layers["step"].max()]
    output = at_last[at_last["method"] == "transformer_output"]
    posterior = float(at_last.loc[at_last["method"] == "posterior_mean", "mse"].mean())
    reference = last_layer_mse(errors)
    excess = float(probe["excess_risk"].mean(skipna=False))
    macros.value(f"{name}FinalMse", reference)
    macros.value(f"{name}PosteriorMse", posterior)
    macros.value(f"{name}FinalExcessRisk", excess)
    macros.value(f"{name}FinalExcessShare", 100 * excess / posterior)
    output_excess = float(output["excess_risk"].mean(skipna=False))
    macros.value(f"{name}OutputExcessRisk", output_excess)
    macros.value(f"{name}OutputExcessShare", 100 * output_excess / posterior)

    ceiling = divergence_ceiling(errors)
    diverging = []
    for solver in experiment.solvers.names:
        curve = error_curve(errors, solver, int(n_last))
        step = None if curve is None else first_step_below(curve, reference)
        macros.add(f"{name}{camel_case(solver)}StepsToMatch", UNDEFINED if step is None else str(step))
        if solver not in experiment.solvers.headline:
            continue
        lengths = []
        for n in experiment.statistics.context_lengths:
            curve = error_curve(errors, solver, n)
            if curve is not None and cut_at(curve, ceiling) is not None:
                lengths.append(str(n))
        if lengths:
            diverging.append(f"{latex_name(solver)} diverged at $n$ = {joined(lengths)}")
    clause = "; ".join(diverging) or "no solver diverged on any reported context length"
    macros.add(f"{name}DivergenceStatement", clause)


def alignment_numbers(macros: Macros, name: str, alignment: pd.DataFrame, experiment: Experiment) -> None:
    """Add the alignment statistics of one run: floor, and one estimate for each solver and statistic.

    Raises:
        FileError: the table lacks a solver or a statistic.
    """
    # The floor belongs to the layers: it is the same for every solver.
    floor = estimate(alignment, experiment.solvers.headline[0], "floor")
    macros.estimate(f"{name}Floor", floor.value, floor.low, floor.high)
    for solver in experiment.solvers.names:
        for statistic in get_args(OfSolver):
            found = estimate(alignment, solver, statistic)
            factor = 100 if statistic in PERCENT else 1
            macro = f"{name}{camel_case(solver)}{camel_case(statistic)}"
            macros.estimate(macro, factor * found.value, factor * found.low, factor * found.high)
            macros.value(f"{macro}SeedSd", factor * found.seed_sd)
        tau = estimate(alignment, solver, "kendall_tau")
        macros.add(f"{name}{camel_case(solver)}TrendWord", trend_word(tau.low, tau.high))


def verdict_clauses(
    macros: Macros, name: str, alignment: pd.DataFrame, pairs: pd.DataFrame, experiment: Experiment
) -> None:
    """Add which of the headline solvers is best in one run, by statistic."""
    solvers = experiment.solvers.headline
    for statistic, clause in CLAUSES.items():
        ranking = rank(alignment, pairs, solvers, statistic)
        macros.add(f"{name}{clause.macro}", best_clause(ranking, clause))


def best_clause(ranking: Ranking, clause: Clause) -> str:
    """Say which solver is best by a statistic, or which are and do not differ."""
    if ranking.leader is None:
        return "no solver has a defined value"
    if len(ranking.tied) + 1 == len(ranking.standings) > 1:
        return "none of the solvers differs clearly from the best one"
    names = joined([latex_name(solver) for solver in (ranking.leader, *ranking.tied)])
    return f"{names} {clause.several}, with no clear difference" if ranking.tied else f"{names} {clause.one}"


def latex_name(solver: str) -> str:
    """Return a solver's name inside a sentence, with LaTeX's dash."""
    return prose_name(solver).replace("–", "--")
