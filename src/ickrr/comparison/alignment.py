"""Statistics of a run over its seeds: their mean, its interval over prompts, and the spread over seeds.

Draw b of every seed uses the same resampled prompts, so the interval of the seed mean is made of the
draw-by-draw means; it holds the models fixed. What another training would change is `seed_sd`, the
standard deviation over seeds.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from ickrr.comparison.bootstrap import percentile_interval
from ickrr.comparison.draws import Draws

ORDER = ("similarity", "floor", "distance", "slope", "r_squared", "kendall_tau", "censored_share")


def alignment_table(
    run: str, solvers: Sequence[str], draws: Sequence[Draws], confidence: float
) -> pd.DataFrame:
    """Join the draws of all seeds of a run.

    What is undefined for one seed (NaN: a trend over fewer than three uncensored layers) is undefined for
    the mean: the mean over the seeds that happen to have a trend would be a statement about other models.

    Args:
        run: name of the run.
        solvers: the S solvers of the draws, in their order.
        draws: of every seed.
        confidence: level of the intervals.

    Returns:
        Columns ``run, solver, statistic, value, low, high, seed_sd, seeds``; `seed_sd` of a single seed
        is NaN.
    """
    rows = []
    for statistic in ORDER:
        by_seed = np.stack([one.of_model(statistic) for one in draws])  # (seeds, S, R)
        mean = by_seed.mean(axis=0)  # (S, R), the point estimate first
        low, high = percentile_interval(mean[:, 1:].T, confidence)  # (S) each
        spread = np.full(len(solvers), np.nan)
        if len(draws) > 1:
            spread = by_seed[:, :, 0].std(axis=0, ddof=1)
        rows.append(
            pd.DataFrame(
                {
                    "run": run,
                    "solver": list(solvers),
                    "statistic": statistic,
                    "value": mean[:, 0],
                    "low": low,
                    "high": high,
                    "seed_sd": spread,
                    "seeds": len(draws),
                }
            )
        )
    table = pd.concat(rows, ignore_index=True)
    order = {solver: index for index, solver in enumerate(solvers)}
    return table.sort_values("solver", key=lambda column: column.map(order), kind="stable", ignore_index=True)
