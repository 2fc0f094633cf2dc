"""All tables of the comparison of one run's models with solvers and nulls, from their predictions."""

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from ickrr.comparison.alignment import STATISTICS, alignment_table, solver_statistics
from ickrr.comparison.bootstrap import resample_weights
from ickrr.comparison.errors import Truth, error_table
from ickrr.comparison.matches import matches_table, similarity_table
from ickrr.comparison.pairs import paired_statistics, pairs_table, shares_table
from ickrr.comparison.resamples import seed_picks
from ickrr.comparison.similarity import similarity_floor, weighted_maps
from ickrr.config.run import RunSettings
from ickrr.config.solvers import SolverSettings
from ickrr.config.statistics import StatisticsSettings
from ickrr.io.checks import Array
from ickrr.row_keys import NO_SEED

TABLES = ("errors", "similarity", "matches", "alignment", "pairs", "shares")


def comparison_tables(
    run: RunSettings,
    models: Mapping[int, tuple[Array, Array]],
    trajectories: Iterable[tuple[str, Array]],
    truth: Truth,
    solvers: SolverSettings,
    statistics: StatisticsSettings,
) -> dict[str, pd.DataFrame]:
    """Compare the layers of every model with the steps of every solver and the positions of every null.

    Args:
        run: the run of the models.
        models: of each seed, the predictions of its layers (L+1, B, N+1) and its own (B, N+1).
        trajectories: each solver and null with its predictions (T+1, B, N+1), in the order of
            `solvers.compared`; one is taken after the other, so that they need not all be in memory.
        truth: what is predicted.
        solvers: which ones, and which of them are paired.
        statistics: draws and level of the intervals.

    Returns:
        The tables by name, see `TABLES`.
    """
    seeds, level = list(models), statistics.confidence
    weights = resample_weights(len(truth.y), statistics.bootstrap_draws, statistics.seed)
    floors = {seed: similarity_floor(layers, truth.y, weights) for seed, (layers, _) in models.items()}
    errors = model_errors(run, models, truth)
    similarities: dict[int, list[pd.DataFrame]] = {seed: [] for seed in seeds}
    matches: dict[int, list[pd.DataFrame]] = {seed: [] for seed in seeds}
    drawn: dict[int, list[dict[str, Array]]] = {seed: [] for seed in seeds}
    for solver, trajectory in trajectories:
        errors.append(error_table(run.name, NO_SEED, solver, trajectory, truth))
        for seed, (layers, _) in models.items():
            maps = weighted_maps(layers, trajectory, truth.y, truth.posterior_mean, weights)
            similarities[seed].append(similarity_table(run.name, seed, solver, maps))
            matches[seed].append(matches_table(run.name, seed, solver, maps, floors[seed], level))
            drawn[seed].append(solver_statistics(maps, floors[seed]))
    draws = [{name: np.stack([one[name] for one in drawn[seed]]) for name in STATISTICS} for seed in seeds]
    headline: list[str] = list(solvers.headline)
    places = [solvers.compared.index(name) for name in headline]
    compared = [{name: values[places] for name, values in one.items()} for one in draws]
    picks = seed_picks(len(seeds), statistics.bootstrap_draws, statistics.seed)
    counted = statistics.counted(run.model.layers)
    paired = paired_statistics(compared, picks, counted)
    return {
        "errors": pd.concat(errors, ignore_index=True),
        "similarity": pd.concat([one for seed in seeds for one in similarities[seed]], ignore_index=True),
        "matches": pd.concat([one for seed in seeds for one in matches[seed]], ignore_index=True),
        "alignment": alignment_table(run.name, solvers.compared, draws, counted, level),
        "pairs": pairs_table(run.name, headline, paired, level),
        "shares": shares_table(run.name, headline, paired, level),
    }


def model_errors(
    run: RunSettings, models: Mapping[int, tuple[Array, Array]], truth: Truth
) -> list[pd.DataFrame]:
    """Return the errors of every model's layers and own predictions, and those of the posterior mean."""
    errors = []
    for seed, (layers, output) in models.items():
        last = run.model.layers
        errors.append(error_table(run.name, seed, "transformer", layers, truth))
        errors.append(error_table(run.name, seed, "transformer_output", output[None], truth, first_step=last))
    errors.append(error_table(run.name, NO_SEED, "posterior_mean", truth.posterior_mean[None], truth))
    return errors
