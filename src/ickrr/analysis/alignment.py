"""Statistics of a run over its seeds: their mean, its interval over prompts, and the spread over seeds.

Draw b of every seed uses the same resampled prompts, so the interval of the seed mean is made of the
draw-by-draw means; it holds the models fixed. What another training would change is `seed_sd`, the
standard deviation over seeds.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from ickrr.analysis.bootstrap import percentile_interval


def alignment_table(run: str, draws: Mapping[int, pd.DataFrame], confidence: float) -> pd.DataFrame:
    """Join the draws of all seeds of a run.

    What is undefined for one seed (NaN: a trend over fewer than three uncensored layers) is undefined for
    the mean: the mean over the seeds that happen to have a trend would be a statement about other models.

    Args:
        run: name of the run.
        draws: for every seed, its table with columns ``solver, draw, statistic, value``.
        confidence: level of the intervals.

    Returns:
        Columns ``run, solver, statistic, value, low, high, seed_sd, seeds``; `seed_sd` of a single seed
        is NaN.
    """
    by_seed = {
        seed: dict(list(table.groupby(["solver", "statistic"], sort=False))) for seed, table in draws.items()
    }
    keys = next(iter(by_seed.values())).keys()
    rows = []
    for solver, statistic in keys:
        resampled = np.stack(
            [groups[solver, statistic].sort_values("draw")["value"].to_numpy() for groups in by_seed.values()]
        )  # (seeds, 1 + draws), the point estimate first
        mean = resampled.mean(axis=0)  # (1 + draws)
        low, high = percentile_interval(mean[1:], confidence)
        rows.append(
            {
                "run": run,
                "solver": solver,
                "statistic": statistic,
                "value": mean[0],
                "low": float(low),
                "high": float(high),
                "seed_sd": resampled[:, 0].std(ddof=1) if len(resampled) > 1 else np.nan,
                "seeds": len(resampled),
            }
        )
    return pd.DataFrame(rows)


def same_draws(first: pd.DataFrame, other: pd.DataFrame) -> bool:
    """Say whether two seeds have the same solvers, draws and statistics, so that they can be paired."""
    columns = ["solver", "draw", "statistic"]
    return first[columns].reset_index(drop=True).equals(other[columns].reset_index(drop=True))
