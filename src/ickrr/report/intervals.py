"""Estimates with intervals: differences and ratios of two that are not paired, and the spread over seeds.

The difference of estimates a in [l_a, h_a] and b in [l_b, h_b] from different models has the interval
    a - b - sqrt((a - l_a)^2 + (h_b - b)^2),   a - b + sqrt((h_a - a)^2 + (b - l_b)^2)
(the method of variance estimates recovery: Zou and Donner 2008, Statistics in Medicine 27, 1693-1702). It
takes a and b as independent, which is cautious where they share their prompts.
"""

import math
from collections.abc import Sequence
from statistics import NormalDist
from typing import Final, NamedTuple

FEWEST_TRAININGS: Final = 4


class Interval(NamedTuple):
    """An estimate and the ends of its interval, NaN where it has none."""

    value: float
    low: float
    high: float


NO_INTERVAL: Final = Interval(math.nan, math.nan, math.nan)
"""Of what is not defined."""


def widened(interval: Interval, seed_sd: float, seeds: int, confidence: float) -> Interval:
    """Add the spread over seeds to an interval over prompts.

    The standard error over seeds, times the normal quantile, is added to each half-width in quadrature: both
    are independent reasons why a repetition would differ.

    Args:
        interval: of the mean over seeds, over prompts.
        seed_sd: standard deviation over seeds; NaN of a single seed, whose interval stays as it is.
        seeds: their number.
        confidence: level of the interval.
    """
    if seeds < 2:
        return interval
    error = _quantile(confidence) * seed_sd / math.sqrt(seeds)
    value, low, high = interval
    return Interval(value, value - math.hypot(value - low, error), value + math.hypot(high - value, error))


def smallest(intervals: Sequence[Interval]) -> Interval:
    """Return the smallest estimate with the smallest of either end, each NaN if any is."""
    import numpy as np

    return Interval(*(float(end) for end in np.min(intervals, axis=0)))


def over_seeds(values: Sequence[float], confidence: float) -> Interval:
    """Return the mean over seeds and its normal interval; a single seed has none."""
    import numpy as np  # here, because the statistics are asked for their words while settings are read

    array = np.asarray(values, dtype=float)
    mean = float(array.mean())
    if array.size < 2:
        return Interval(mean, math.nan, math.nan)
    return widened(Interval(mean, mean, mean), float(array.std(ddof=1)), array.size, confidence)


def over_trainings(values: Sequence[float], confidence: float) -> Interval:
    """Return the mean over trainings and its normal interval; fewer than `FEWEST_TRAININGS` have none.

    Claims about an algorithm rest on this: a training is the unit of inference, and a normal interval over
    two or three of them says little.
    """
    if len(values) < FEWEST_TRAININGS:
        return Interval(sum(values) / len(values) if values else math.nan, math.nan, math.nan)
    return over_seeds(values, confidence)


def of_trainings(interval: Interval, trainings: int) -> Interval:
    """Return an interval over prompts and trainings; fewer than `FEWEST_TRAININGS` have none."""
    if trainings < FEWEST_TRAININGS:
        return Interval(interval.value, math.nan, math.nan)
    return interval


def difference(first: Interval, second: Interval) -> Interval:
    """Return first - second, for estimates that are not paired."""
    value = first.value - second.value
    low = value - math.hypot(first.value - first.low, second.high - second.value)
    high = value + math.hypot(first.high - first.value, second.value - second.low)
    return Interval(value, low, high)


def ratio(first: Interval, second: Interval) -> Interval:
    """Return first / second for positive estimates that are not paired, through their logarithms.

    A lower end at or below zero says nothing about the logarithm: the side that it belongs to is infinite.
    """
    return Interval(*(_exp(end) for end in difference(_log(first), _log(second))))


def _log(interval: Interval) -> Interval:
    value, low, high = (-math.inf if end <= 0 else math.log(end) for end in interval)
    return Interval(value if math.isfinite(value) else math.nan, low, high)


def _exp(exponent: float) -> float:
    return math.inf if exponent > 700 else math.exp(exponent)  # a float overflows at 709


def _quantile(confidence: float) -> float:
    return NormalDist().inv_cdf((1 + confidence) / 2)
