"""Differences of two sets of trainings, with intervals over trainings (Student's t).

Where both sides have the same seeds and the same prompts, the differences d_s = b_s - a_s of the S seeds are
paired: mean d +- t_{S-1} sd(d) / sqrt(S). Otherwise the sides are independent, and the interval is Welch's
(Welch 1947, Biometrika 34, 28-35). One training has no interval. Risks are compared by their ratio, that is,
by the difference of their logarithms.
"""

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import stdtrit

from ickrr.differences.observations import KEY, RISK
from ickrr.report.intervals import Interval

Array = npt.NDArray[np.float64]
RATIOS: Final = frozenset({RISK})
"""Quantities of which the change is a ratio, second over first; of the others it is second - first."""
ROUNDING: Final = 1e-9
"""Relative difference up to which numbers are the same but for rounding, as in sums of another order."""


def compared(
    first: pd.DataFrame, second: pd.DataFrame, same_prompts: bool, confidence: float
) -> pd.DataFrame:
    """Compare what both sides have.

    Args:
        first: numbers of one side, as `ickrr.differences.observations.observations` returns them.
        second: those of the other.
        same_prompts: whether both were evaluated on the same prompts.
        confidence: level of the intervals.

    Returns:
        The columns `KEY`; ``first`` and ``second``, means over seeds; ``change`` with ``low`` and ``high``;
        ``paired``; and ``differs``: the interval leaves out no change, or there is none and the means differ.
        In the order of the first side.
    """
    rows = []
    others = {key: group for key, group in second.groupby(KEY, sort=False)}
    for key, group in first.groupby(KEY, sort=False):
        if key not in others:
            continue
        ours, theirs = (one.set_index("seed")["value"].sort_index() for one in (group, others[key]))
        paired = same_prompts and ours.index.equals(theirs.index)
        a, b = ours.to_numpy(float), theirs.to_numpy(float)
        change = ratio(a, b, paired, confidence) if key[1] in RATIOS else difference(a, b, paired, confidence)
        none = 1.0 if key[1] in RATIOS else 0.0
        rows.append((*key, a.mean(), b.mean(), *change, paired, differs(change, none, a, b)))
    return pd.DataFrame(rows, columns=[*KEY, "first", "second", "change", "low", "high", "paired", "differs"])


def differs(change: Interval, none: float, first: Array, second: Array) -> bool:
    """Say whether a change is one.

    Args:
        change: with its interval.
        none: the change of equal sides.
        first: what it is a change of, (S,).
        second: and to, (S,).

    Returns:
        Whether the means differ by more than rounding, or only one of them is defined, and the interval, if
        there is one, leaves out `none`.
    """
    if np.allclose(first.mean(), second.mean(), rtol=ROUNDING, atol=ROUNDING**2, equal_nan=True):
        return False
    if math.isnan(change.low):
        return True
    return change.low > none or change.high < none


def difference(first: Array, second: Array, paired: bool, confidence: float) -> Interval:
    """Return mean(second) - mean(first) with its interval.

    Args:
        first: a number of each training, (S,).
        second: the same of the other side, (S,) in the same order if they are paired, otherwise any number.
        paired: whether they are.
        confidence: level of the interval.
    """
    value = float(second.mean() - first.mean())
    half = _half_width([second - first] if paired else [first, second], confidence)
    return Interval(value, value - half, value + half)


def ratio(first: Array, second: Array, paired: bool, confidence: float) -> Interval:
    """Return the ratio of the geometric means, second over first, with its interval; arguments as above."""
    with np.errstate(divide="ignore", invalid="ignore"):
        exponents = difference(np.log(first), np.log(second), paired, confidence)
        return Interval(*map(float, np.exp(exponents)))


def _half_width(samples: Sequence[Array], confidence: float) -> float:
    """Half the interval of a sum or difference of independent means; NaN if one has a single member."""
    if min(map(len, samples)) < 2:
        return float("nan")
    squares = np.array([sample.var(ddof=1) / len(sample) for sample in samples])  # of the standard errors
    if squares.sum() == 0:
        return 0.0
    freedom = squares.sum() ** 2 / (squares**2 / [len(sample) - 1 for sample in samples]).sum()
    return float(stdtrit(freedom, (1 + confidence) / 2) * np.sqrt(squares.sum()))
