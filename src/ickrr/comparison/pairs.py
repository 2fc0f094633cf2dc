"""Which solver fits better: paired differences over prompts and seeds, and the share of layers each leads.

For solvers a, b and a statistic s, the difference is d = mean over seeds of s_a - s_b. Draw r of its interval
resamples the prompts (the same for all seeds and solvers) and, with replacement, the seeds: the interval
says what other prompts and other trainings of the same kind could have shown (the two-way bootstrap of
Owen 2007, Annals of Applied Statistics 1, 386-411). One seed has no spread: then the interval is over
prompts alone.

Newton-Schulz passes through some of Richardson's predictions up to rounding, so a difference within `TIE`
is none: otherwise rounding, which has the same sign in every draw, would make a winner.
"""

from collections.abc import Mapping, Sequence
from itertools import permutations
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from ickrr.comparison.alignment import STATISTICS, Draws, of_model
from ickrr.comparison.bootstrap import percentile_interval
from ickrr.comparison.similarity import TIE
from ickrr.row_keys import FLOOR

Array = npt.NDArray[np.float64]

BY_LAYER: Final = {name: one.better for name, one in STATISTICS.items() if one.by_layer and one.better}
"""Statistics that are compared layer by layer; +1 where larger is a better match, -1 where smaller is."""


def seed_mean(by_seed: Sequence[Array], picks: npt.NDArray[np.int64]) -> Array:
    """Mean over the picked seeds, draw by draw; undefined where a picked seed is.

    Args:
        by_seed: for each of K seeds, (S, R, ...).
        picks: (R, K).

    Returns:
        (S, R, ...).
    """
    stacked = np.stack(by_seed)  # (K, S, R, ...)
    rows = np.arange(len(picks))[:, None]
    # Indexed axes that a slice separates come first: (R, K, S, ...).
    mean: Array = stacked[picks, :, rows].mean(axis=1)
    return mean.swapaxes(0, 1)  # (S, R, ...)


def paired_statistics(
    draws: Sequence[Draws], picks: npt.NDArray[np.int64], counted: slice
) -> dict[str, Array]:
    """Seed means of every statistic for S solvers, (S, R, 1 + L): entry 0 is the whole model.

    What is not known layer by layer has the whole model only, (S, R, 1).

    Args:
        draws: of every seed.
        picks: seeds of each draw, (R, K).
        counted: layers that means take, see `StatisticsSettings.counted`.
    """
    statistics = {}
    of_model_first = sorted(STATISTICS.items(), key=lambda item: item[1].by_layer)
    for name, statistic in of_model_first:
        values = seed_mean([one[name] for one in draws], picks)  # (S, R, L), or (S, R)
        whole = of_model(values, name, counted)[..., None]  # (S, R, 1)
        statistics[name] = np.concatenate([whole, values], axis=-1) if statistic.by_layer else whole
    return statistics


def difference_of(first: Array, second: Array) -> Array:
    """Difference of two statistics, 0 where it is within `TIE`; shapes as NumPy broadcasts them."""
    difference = first - second
    return np.where(np.abs(difference) <= TIE, 0.0, difference)


def pairs_table(
    run: str, solvers: Sequence[str], statistics: Mapping[str, Array], confidence: float
) -> pd.DataFrame:
    """Paired differences between all ordered pairs of solvers, and of each similarity to its floor.

    Args:
        run: name of the run.
        solvers: the S solvers of the statistics, in their order.
        statistics: as `paired_statistics` gives them.
        confidence: level of the intervals.

    Returns:
        Columns ``run, statistic, layer, first, second, difference, low, high, draws_defined``: difference
        first - second, its interval, and the number of draws in which it exists (see
        `percentile_interval`). `second` is "floor" where a similarity is compared with the floor.
    """
    pairs = list(permutations(range(len(solvers)), 2))
    parts = []
    for name, values in statistics.items():
        if name == FLOOR:
            continue
        differences = [(solvers[a], solvers[b], difference_of(values[a], values[b])) for a, b in pairs]
        if name == "similarity":
            above = difference_of(values, statistics[FLOOR])  # (S, R, 1 + L)
            differences += [(solver, FLOOR, above[index]) for index, solver in enumerate(solvers)]
        for first, second, difference in differences:
            low, high = percentile_interval(difference[1:], confidence)
            parts.append(
                pd.DataFrame(
                    {
                        "run": run,
                        "statistic": name,
                        "layer": np.arange(difference.shape[1]),
                        "first": first,
                        "second": second,
                        "difference": difference[0],
                        "low": low,
                        "high": high,
                        "draws_defined": np.isfinite(difference[1:]).sum(axis=0),
                    }
                )
            )
    return pd.concat(parts, ignore_index=True)


def shares_table(
    run: str, solvers: Sequence[str], statistics: Mapping[str, Array], confidence: float
) -> pd.DataFrame:
    """Share of layers 1..L in which each solver is the best of the compared.

    A solver is strictly best in a layer when its paired interval against every other solver excludes zero
    on the better side. It leads when its value alone is the best, whatever the interval; in a tie, nobody.

    Args:
        run: name of the run.
        solvers: the S solvers of the statistics, in their order.
        statistics: as `paired_statistics` gives them.
        confidence: level of the intervals.

    Returns:
        Columns ``run, solver, statistic, layers, best, share, lead_share, low, high``: number of layers,
        number and share in which the solver is strictly best, share in which it leads, and the
        bootstrap interval of the last.
    """
    rows = []
    for name, sign in BY_LAYER.items():
        values = sign * statistics[name][..., 1:]  # (S, R, L), larger is better
        layers = values.shape[-1]
        for index, solver in enumerate(solvers):
            ahead = difference_of(values[index], np.delete(values, index, axis=0))  # (S-1, R, L)
            low, _ = percentile_interval(ahead[:, 1:].swapaxes(0, 1), confidence)  # (S-1, L)
            best = int((low > 0).all(axis=0).sum())
            lead = (ahead > 0).all(axis=0).mean(axis=-1)  # (R)
            lead_low, lead_high = percentile_interval(lead[1:], confidence)
            rows.append(
                {
                    "run": run,
                    "solver": solver,
                    "statistic": name,
                    "layers": layers,
                    "best": best,
                    "share": best / layers,
                    "lead_share": float(lead[0]),
                    "low": float(lead_low),
                    "high": float(lead_high),
                }
            )
    return pd.DataFrame(rows)
