"""Verdict words from rules in code, fixed before any result was looked at.

Two solvers differ in a statistic s when the bootstrap interval of the paired difference s_a - s_b excludes
zero. Both are computed on the same resamples of prompts and averaged over seeds draw by draw. A solver
leads when its point estimate is the best; it is *best* when it differs from every other solver, otherwise
it is *tied* with those from which it does not differ.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import numpy as np
import pandas as pd

from ickrr.errors import FileError
from ickrr.report.load import checked_table

Standing = Literal["best", "tied for best", "behind", "undefined"]

# +1: larger is a better match between model and solver; -1: smaller is.
DIRECTION: Final[dict[str, int]] = {
    "similarity": 1,
    "distance": -1,
    "r_squared": 1,
    "kendall_tau": 1,
    "censored_share": -1,
}


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


def load_draws(comparisons: str | Path, run: str, seeds: Sequence[int]) -> pd.DataFrame:
    """Average the bootstrap draws of a run over its seeds, draw by draw.

    Args:
        comparisons: directory that holds ``{run}/seed{seed}/draws.parquet``.
        run: name of the run.
        seeds: its seeds.

    Returns:
        One row a draw (-1 is the point estimate), one column a (solver, statistic). NaN where any seed has
        none.

    Raises:
        FileError: a table is missing or has no point estimate, or seeds have different draws.
    """
    wide: list[pd.DataFrame] = []
    for seed in seeds:
        path = Path(comparisons) / run / f"seed{seed}" / "draws.parquet"
        table = checked_table(path, "draws").pivot(
            index="draw", columns=["solver", "statistic"], values="value"
        )
        if -1 not in table.index:
            raise FileError(
                f"{path}: column 'draw' has no -1, the point estimate; delete it and run snakemake again"
            )
        if wide and not table.index.equals(wide[0].index):
            raise FileError(
                f"{path}: has {len(table)} draws where the first seed has {len(wide[0])}, so they cannot be "
                "paired; delete it and run snakemake again"
            )
        wide.append(table)
    mean = sum(wide[1:], start=wide[0]) / len(wide)
    return pd.DataFrame(mean)


def difference_interval(
    draws: pd.DataFrame, first: tuple[str, str], second: tuple[str, str], confidence: float
) -> tuple[float, float]:
    """Return the percentile interval of the paired difference first - second.

    Args:
        draws: as `load_draws` returns them.
        first: (solver, statistic).
        second: (solver, statistic).
        confidence: level of the interval.

    Returns:
        Its ends; NaN when more draws than the interval cuts off (1 - confidence) are undefined,
        because then the defined ones do not represent the rest.
    """
    difference = (draws[first] - draws[second]).drop(index=-1).to_numpy(float)  # (draws,)
    defined = difference[np.isfinite(difference)]
    if difference.size == 0 or 1 - defined.size / difference.size > 1 - confidence:
        return float("nan"), float("nan")
    tail = (1 - confidence) / 2
    low, high = np.quantile(defined, [tail, 1 - tail])
    return float(low), float(high)


def differs(low: float, high: float) -> bool:
    """Whether an interval of a difference excludes zero; an undefined one does not."""
    return bool(low > 0 or high < 0)


def rank(draws: pd.DataFrame, solvers: Sequence[str], statistic: str, confidence: float) -> Ranking:
    """Rank solvers by one statistic.

    Args:
        draws: as `load_draws` returns them.
        solvers: solvers to compare; order decides between equal point estimates.
        statistic: a key of `DIRECTION`.
        confidence: level of the paired intervals.
    """
    sign = DIRECTION[statistic]
    point = draws.loc[[-1]]
    values = {solver: sign * point[(solver, statistic)].to_numpy(float)[0] for solver in solvers}
    defined = sorted((s for s in solvers if np.isfinite(values[s])), key=lambda s: -values[s])
    standings: dict[str, Standing] = dict.fromkeys(solvers, "undefined")
    if not defined:
        return Ranking(None, (), standings)
    leader, *others = defined
    tied = tuple(
        other
        for other in others
        if not differs(*difference_interval(draws, (leader, statistic), (other, statistic), confidence))
    )
    for solver in others:
        standings[solver] = "tied for best" if solver in tied else "behind"
    standings[leader] = "tied for best" if tied else "best"
    return Ranking(leader, tied, standings)


def trend_word(low: float, high: float) -> str:
    """Say how the best step moves with depth, from the interval of Kendall's tau, if there is one."""
    if np.isnan(low) or np.isnan(high):
        return "undefined"
    if low > 0:
        return "grows"
    if high < 0:
        return "falls"
    return "shows no clear trend"
