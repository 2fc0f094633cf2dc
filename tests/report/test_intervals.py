"""Intervals of differences and ratios against simulation and algebra."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from ickrr.report.intervals import Interval, difference, over_seeds, over_trainings, ratio, widened

sizes = st.floats(0.01, 10)


def around(value, down, up):
    return Interval(value, value - down, value + up)


def test_over_seeds_is_the_normal_interval():
    """Fails if the standard error or the quantile is another."""
    values = [0.1, 0.3, 0.2, 0.6]
    low, high = stats.norm.interval(0.9, np.mean(values), stats.sem(values))
    assert over_seeds(values, 0.9) == pytest.approx((np.mean(values), low, high))
    assert math.isnan(over_seeds([0.1], 0.9).low)
    assert math.isnan(over_seeds([0.1, math.nan], 0.9).value)


def test_one_seed_is_not_widened():
    """Fails if the missing spread of a single seed makes its interval disappear."""
    assert widened(around(1, 0.1, 0.2), math.nan, 1, 0.95) == around(1, 0.1, 0.2)


@given(st.floats(-5, 5), st.floats(-5, 5), sizes, sizes)
def test_difference_of_symmetric_intervals_adds_variances(a, b, wide_a, wide_b):
    """Fails if half-widths are added instead of their squares."""
    found = difference(around(a, wide_a, wide_a), around(b, wide_b, wide_b))
    assert found.value == pytest.approx(a - b)
    assert found.high - found.value == pytest.approx(math.hypot(wide_a, wide_b))
    assert found.value - found.low == pytest.approx(math.hypot(wide_a, wide_b))


@given(st.floats(-5, 5), st.floats(-5, 5), sizes, sizes, sizes, sizes)
def test_difference_turns_round(a, b, a_down, a_up, b_down, b_up):
    """Fails if b's lower end is taken for its upper one: a - b must be the mirror image of b - a."""
    first, second = around(a, a_down, a_up), around(b, b_down, b_up)
    there, back = difference(first, second), difference(second, first)
    assert (there.low, there.high) == pytest.approx((-back.high, -back.low))
    assert there.value - there.low == pytest.approx(math.hypot(a_down, b_up))


def test_ratio_covers_simulated_quotients():
    """Fails if the interval of a ratio covers far more or less than it says (3,000 repetitions)."""
    generator = np.random.default_rng(0)
    a, b = generator.normal(3, 0.2, 3000), generator.normal(2, 0.1, 3000)
    inside = 0
    for x, y in zip(a, b, strict=True):
        found = ratio(around(x, 1.96 * 0.2, 1.96 * 0.2), around(y, 1.96 * 0.1, 1.96 * 0.1))
        inside += found.low < 1.5 < found.high
    assert inside / 3000 == pytest.approx(0.95, abs=0.015)


def test_ratio_without_a_positive_end_is_open():
    """Fails if an interval that reaches zero gives a bounded ratio, or a number where there is none."""
    assert ratio(around(1, 0.1, 0.1), around(1, 2, 0.1)).high == math.inf
    assert ratio(around(1, 2, 0.1), around(1, 0.1, 0.1)).low == 0
    assert math.isnan(ratio(Interval(math.nan, math.nan, math.nan), around(1, 0.1, 0.1)).low)


@pytest.mark.parametrize("count", range(1, 7))
def test_few_trainings_have_no_interval(count):
    """Fails if fewer than four trainings can decide a claim about an algorithm, or four cannot."""
    values = [0.1 * index for index in range(count)]
    value, low, high = over_trainings(values, 0.95)
    assert value == pytest.approx(np.mean(values))
    assert math.isnan(low) == math.isnan(high) == (count < 4)
    if count >= 4:
        assert (low, high) == over_seeds(values, 0.95)[1:]
