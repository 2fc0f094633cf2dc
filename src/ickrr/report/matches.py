"""Similarities and best steps of one run and solver over its seeds, as figures draw them.

Both are averaged over seeds. A cell that is undefined in one seed is undefined, and a layer that is
censored in one seed is censored: the mean of a found step and one beyond the grid would look like a
finding.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd


class BestSteps(NamedTuple):
    """t*(l) of one solver over the seeds of one run.

    Attributes:
        layer: layers, (L+1,).
        step: mean over seeds, (L+1,); NaN where a seed's predictions are not finite, so that it has none.
        low: smallest lower end of the seeds' bootstrap intervals, (L+1,).
        high: largest upper end, (L+1,).
        censored: whether any seed's best step is the last of the grid, (L+1,).
        last: largest best step over seeds, (L+1,); the last step of the grid where censored.
    """

    layer: np.ndarray
    step: np.ndarray
    low: np.ndarray
    high: np.ndarray
    censored: np.ndarray
    last: np.ndarray


def similarity_map(similarity: pd.DataFrame, run: str, solver: str) -> pd.DataFrame:
    """Average SimE over the seeds of a run.

    Returns:
        Rows are steps, columns layers, (T+1, L+1). NaN where any seed's solver has diverged.

    Raises:
        ValueError: the table has no such run or solver.
    """
    rows = similarity[(similarity["run"] == run) & (similarity["solver"] == solver)]
    if rows.empty:
        raise ValueError(f"table similarity has no rows of run '{run}' and solver '{solver}'")
    seeds = rows["seed"].nunique()
    grouped = rows.groupby(["step", "layer"])["similarity"]
    mean = grouped.mean().where(grouped.count() == seeds)
    return mean.unstack("layer").sort_index()


def best_steps(matches: pd.DataFrame, run: str, solver: str) -> BestSteps:
    """Collect t*(l) of one solver over the seeds of a run.

    Raises:
        ValueError: the table has no such run or solver.
    """
    rows = matches[(matches["run"] == run) & (matches["solver"] == solver)]
    if rows.empty:
        raise ValueError(f"table matches has no rows of run '{run}' and solver '{solver}'")
    wide = rows.pivot(index="layer", columns="seed").sort_index()
    return BestSteps(
        wide.index.to_numpy(),
        wide["best_step"].to_numpy(float).mean(axis=1),
        wide["best_step_low"].to_numpy(float).min(axis=1),
        wide["best_step_high"].to_numpy(float).max(axis=1),
        np.any(wide["censored"].to_numpy(bool), axis=1),
        wide["best_step"].to_numpy(float).max(axis=1),
    )


def mean_floor(matches: pd.DataFrame, run: str, solver: str) -> float:
    """Average the floor, SimE to the zero predictor, over layers 1..L and the seeds of a run."""
    rows = matches[(matches["run"] == run) & (matches["solver"] == solver) & (matches["layer"] > 0)]
    return float(rows["floor"].mean())
