"""Which step of a solver each layer matches: tables of the maps and of the matches.

Row 0 of every resampled array is the point estimate, rows 1.. are bootstrap draws over prompts.
"""

import numpy as np
import numpy.typing as npt
import pandas as pd

from ickrr.comparison.bootstrap import percentile_interval
from ickrr.comparison.similarity import Maps, first_maximum, first_minimum, is_censored

Array = npt.NDArray[np.float64]


def similarity_table(run: str, seed: int, solver: str, maps: Maps) -> pd.DataFrame:
    """The point estimate of both maps.

    Returns:
        Columns ``run, seed, solver, layer, step, similarity, distance``.
    """
    _, layers, steps = maps.similarity.shape
    return pd.DataFrame(
        {
            "run": run,
            "seed": seed,
            "solver": solver,
            "layer": np.repeat(np.arange(layers), steps),
            "step": np.tile(np.arange(steps), layers),
            "similarity": maps.similarity[0].ravel(),
            "distance": maps.distance[0].ravel(),
        }
    )


def matches_table(
    run: str, seed: int, solver: str, maps: Maps, floor: Array, confidence: float
) -> pd.DataFrame:
    """Best step of every layer, by similarity and by distance, with bootstrap intervals.

    Args:
        run: name of the run.
        seed: training seed.
        solver: id of the solver.
        maps: maps under R = 1 + draws weightings.
        floor: SimE of every layer to the zero predictor, (R, L+1).
        confidence: level of the intervals.

    Returns:
        The columns of the contract, a row for each layer 0..L. Steps are floats, because a layer whose
        predictions are not finite has none (NaN).
    """
    last_step = maps.similarity.shape[2] - 1
    best, nearest = first_maximum(maps.similarity), first_minimum(maps.distance)  # (R, L+1)
    peak, smallest = np.fmax.reduce(maps.similarity, axis=-1), np.fmin.reduce(maps.distance, axis=-1)
    columns: dict[str, object] = {"run": run, "seed": seed, "solver": solver}
    columns["layer"] = np.arange(best.shape[1])
    columns |= _with_interval("best_step", best, confidence)
    columns["censored"] = is_censored(best[0], last_step)
    columns |= _with_interval("similarity", peak, confidence)
    columns["floor"] = floor[0]
    columns["nearest_step"] = nearest[0]
    columns["nearest_censored"] = is_censored(nearest[0], last_step)
    columns |= _with_interval("distance", smallest, confidence)
    return pd.DataFrame(columns)


def _with_interval(name: str, values: Array, confidence: float) -> dict[str, Array]:
    low, high = percentile_interval(values[1:], confidence)
    return {name: values[0], f"{name}_low": low, f"{name}_high": high}
