"""The table `alignment`: its statistics, what they are computed from, and their means over seeds.

`STATISTICS` is the one list of them; `ickrr.comparison.pairs` takes differences of the same. What
claims may name, with its words, is listed in `ickrr.config.claim_terms`, which must not import numpy. The
modules of this name in `report` read this table: one shows it in the paper, one decides claims by it.

Row 0 of every array is the point estimate, rows 1.. are draws over prompts. Row r of every seed and solver
belongs to the same resampled prompts, so the interval of the seed mean is made of the draw-by-draw means; it
holds the models fixed. What another training would change is `seed_sd`, the standard deviation over seeds.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from ickrr.comparison.bootstrap import percentile_interval
from ickrr.comparison.similarity import Maps, first_maximum, is_censored
from ickrr.comparison.trends import Trend, best_step_trend

Array = npt.NDArray[np.float64]

Draws = Mapping[str, Array]
"""Every statistic of `STATISTICS` for S solvers and one model, under R = 1 + draws weightings of the prompts:
(S, R, L) where it is known layer by layer, (S, R) where it belongs to the whole model."""


@dataclass(frozen=True)
class Match:
    """How one solver matches layers 1..L of one model, under R weightings of the prompts.

    Attributes:
        similarity: SimE of each layer at the solver's best step of the draw, (R, L).
        distance: distance of each layer at the solver's nearest step of the draw, (R, L).
        floor: SimE of each layer to the zero predictor, (R, L): no solver has a part in it.
        trend: of the best steps t*(l), (R,) each.
    """

    similarity: Array
    distance: Array
    floor: Array
    trend: Trend


@dataclass(frozen=True)
class Statistic:
    """One statistic of the alignment.

    Attributes:
        of: computes it: (R, L) if it is known layer by layer, otherwise (R,).
        by_layer: whether it is; of the whole model it is then the mean over the layers that count.
        better: +1 where a larger one is a better match, -1 where a smaller one is, 0 where neither is.
    """

    of: Callable[[Match], Array]
    by_layer: bool = False
    better: int = 0


STATISTICS: Final[dict[str, Statistic]] = {
    "similarity": Statistic(lambda match: match.similarity, by_layer=True, better=1),
    "floor": Statistic(lambda match: match.floor, by_layer=True),
    "distance": Statistic(lambda match: match.distance, by_layer=True, better=-1),
    "slope": Statistic(lambda match: match.trend.slope),
    "r_squared": Statistic(lambda match: match.trend.r_squared, better=1),
    "kendall_tau": Statistic(lambda match: match.trend.kendall_tau, better=1),
    "censored_share": Statistic(lambda match: match.trend.censored_share, better=-1),
}
"""In the order of the table."""


def solver_statistics(maps: Maps, floor: Array) -> dict[str, Array]:
    """Statistics of the comparison with one solver, for the point estimate and every draw.

    Layers 1..L count; the embedding, layer 0, does not. Each draw finds its own best steps.

    Args:
        maps: maps under R = 1 + draws weightings.
        floor: SimE of every layer to the zero predictor, (R, L+1).

    Returns:
        Every statistic of `STATISTICS`, (R, L) or (R,).
    """
    best = first_maximum(maps.similarity)[:, 1:]  # (R, L)
    match = Match(
        similarity=np.fmax.reduce(maps.similarity, axis=-1)[:, 1:],
        distance=np.fmin.reduce(maps.distance, axis=-1)[:, 1:],
        floor=floor[:, 1:],
        trend=best_step_trend(best, is_censored(best, maps.similarity.shape[2] - 1)),
    )
    return {name: statistic.of(match) for name, statistic in STATISTICS.items()}


def of_model(values: Array, statistic: str, counted: slice) -> Array:
    """Return one statistic of the whole model, (S, R): the mean over layers where it is known by layer.

    Args:
        values: (S, R, L), or (S, R) where it belongs to the whole model.
        statistic: its name.
        counted: layers that the mean takes, see `StatisticsSettings.counted`.
    """
    return values[..., counted].mean(axis=-1) if STATISTICS[statistic].by_layer else values


def alignment_table(
    run: str, solvers: Sequence[str], draws: Sequence[Draws], counted: slice, confidence: float
) -> pd.DataFrame:
    """Join the draws of all seeds of a run.

    What is undefined for one seed (NaN: a trend over fewer than three uncensored layers) is undefined for
    the mean: the mean over the seeds that happen to have a trend would be a statement about other models.

    Args:
        run: name of the run.
        solvers: the S solvers of the draws, in their order.
        draws: of every seed.
        counted: layers that means take, see `StatisticsSettings.counted`.
        confidence: level of the intervals.

    Returns:
        Columns ``run, solver, statistic, value, low, high, seed_sd, seeds``; `seed_sd` of a single seed
        is NaN.
    """
    rows = []
    for statistic in STATISTICS:
        by_seed = np.stack([of_model(one[statistic], statistic, counted) for one in draws])  # (seeds, S, R)
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
