"""The words of verdicts on solvers, by rules that were fixed before any result was looked at.

Two solvers differ in a statistic s when the bootstrap interval of the paired difference s_a - s_b, over
prompts and seeds, excludes zero (table `pairs`). A solver leads when its point estimate is the best; it is
*best* when it differs from every other solver, otherwise it is *tied* with those from which it does not
differ.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from ickrr.config.claim_terms import DIRECTION
from ickrr.report.intervals import Interval
from ickrr.report.load import estimate, only_row
from ickrr.row_keys import WHOLE_MODEL

Standing = Literal["best", "tied for best", "behind", "undefined"]


@dataclass(frozen=True)
class Ranking:
    """Solvers by one statistic.

    Attributes:
        leader: solver with the best point estimate, None when none is defined.
        tied: solvers that do not differ from the leader, best first, without the leader.
        standings: standing of every solver.
    """

    leader: str | None
    tied: tuple[str, ...]
    standings: dict[str, Standing]


def paired_difference(pairs: pd.DataFrame, statistic: str, first: str, second: str) -> Interval:
    """Look up the difference first - second over the whole model.

    Args:
        pairs: one run's table `pairs`.
        statistic: its column `statistic`.
        first: a solver.
        second: another, or `ickrr.row_keys.FLOOR`.

    Returns:
        The difference and its interval, NaN where it is undefined in too many draws.

    Raises:
        FileError: the table has no such row, or several.
    """
    where = f"tables/{pairs['run'].iloc[0]}/pairs.parquet"
    found = only_row(pairs, where, statistic=statistic, first=first, second=second, layer=WHOLE_MODEL)
    value, low, high = found[["difference", "low", "high"]].to_numpy(float)
    return Interval(float(value), float(low), float(high))


def paired_interval(pairs: pd.DataFrame, statistic: str, first: str, second: str) -> tuple[float, float]:
    """Look up the interval of a difference; arguments and errors as of `paired_difference`."""
    _, low, high = paired_difference(pairs, statistic, first, second)
    return low, high


def differs(low: float, high: float) -> bool:
    """Whether an interval of a difference excludes zero; an undefined one does not."""
    return bool(low > 0 or high < 0)


def rank(alignment: pd.DataFrame, pairs: pd.DataFrame, solvers: Sequence[str], statistic: str) -> Ranking:
    """Rank solvers by one statistic.

    Args:
        alignment: one run's table `alignment`, for the point estimates.
        pairs: its table `pairs`, for the paired intervals.
        solvers: solvers to compare; order decides between equal point estimates.
        statistic: a key of `DIRECTION`.

    Raises:
        FileError: a table lacks a solver or a pair.
    """
    sign = DIRECTION[statistic]
    values = {solver: sign * estimate(alignment, solver, statistic).value for solver in solvers}
    defined = sorted((s for s in solvers if np.isfinite(values[s])), key=lambda s: -values[s])
    standings: dict[str, Standing] = dict.fromkeys(solvers, "undefined")
    if not defined:
        return Ranking(None, (), standings)
    leader, *others = defined
    tied = tuple(other for other in others if not differs(*paired_interval(pairs, statistic, leader, other)))
    for solver in others:
        standings[solver] = "tied for best" if solver in tied else "behind"
    standings[leader] = "tied for best" if tied else "best"
    return Ranking(leader, tied, standings)


def trend_word(low: float, high: float) -> str:
    """Say how the best step moves with depth, from the interval of Kendall's tau, if there is one."""
    if np.isnan(low) or np.isnan(high):
        return "has no defined trend"
    if low > 0:
        return "grows"
    if high < 0:
        return "falls"
    return "shows no clear trend"
