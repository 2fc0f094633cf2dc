"""Intervals of differences against SciPy's t tests, and what counts as a difference."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from ickrr.differences.pairing import compared

RNG = np.random.default_rng(0)
FIRST, SECOND = RNG.normal(1.0, 0.1, 4), RNG.normal(1.2, 0.3, 4)


def numbers(values, seeds=None, quantity="distance"):
    seeds = list(range(len(values))) if seeds is None else seeds
    columns = {"run": "spherical", "quantity": quantity, "subject": "richardson", "layer": 0}
    return pd.DataFrame({**columns, "seed": seeds, "value": values})


def one(*arguments):
    found = compared(*arguments)
    assert len(found) == 1
    return found.iloc[0]


def test_equal_seeds_on_equal_prompts_are_paired():
    """Fails if the interval is not that of the paired t test."""
    row = one(numbers(FIRST), numbers(SECOND), True, 0.95)
    low, high = stats.ttest_rel(SECOND, FIRST).confidence_interval(0.95)
    assert row["paired"]
    assert (row["change"], row["low"], row["high"]) == pytest.approx((np.mean(SECOND - FIRST), low, high))


@pytest.mark.parametrize(("seeds", "same_prompts"), [([0, 1, 2, 3], False), ([4, 5, 6, 7], True)])
def test_other_seeds_or_other_prompts_are_independent(seeds, same_prompts):
    """Fails if trainings that have nothing in common are paired, or the interval is not Welch's."""
    row = one(numbers(FIRST), numbers(SECOND, seeds), same_prompts, 0.9)
    found = stats.ttest_ind(SECOND, FIRST, equal_var=False).confidence_interval(0.9)
    assert not row["paired"]
    assert (row["low"], row["high"]) == pytest.approx(tuple(found))


def test_pairs_are_found_by_seed():
    """Fails if values are paired in the order of the rows."""
    shuffled = numbers(SECOND).iloc[[2, 0, 3, 1]]
    row, wanted = (one(numbers(FIRST), second, True, 0.95) for second in (shuffled, numbers(SECOND)))
    assert (row["low"], row["high"]) == pytest.approx((wanted["low"], wanted["high"]))


def test_risks_are_compared_by_their_ratio():
    """Fails if the change of an excess risk is a difference, or its interval not one of logarithms."""
    row = one(numbers(FIRST, None, "excess_risk"), numbers(SECOND, None, "excess_risk"), True, 0.95)
    ends = stats.ttest_rel(np.log(SECOND), np.log(FIRST)).confidence_interval(0.95)
    assert (row["low"], row["high"]) == pytest.approx(tuple(np.exp(ends)))
    assert row["change"] == pytest.approx(stats.gmean(SECOND) / stats.gmean(FIRST))


@pytest.mark.parametrize(
    ("first", "second", "differs"),
    [
        ([1.0, 2.0], [1.0, 2.0], False),  # equal
        ([1.0, 2.0], [2.0, 3.0], True),  # the same change in each: the interval has no width
        ([1.0, 2.0], [1.5, 1.9], False),  # +.5 and -.1
        ([1.0], [1.1], True),  # one training: no interval, and the numbers differ
        ([1.0], [1.0], False),
        ([0.1, 0.2], [0.1 + 1e-16, 0.2 + 1e-16], False),  # sums in another order
        ([1e-7, 2e-7], [1.1e-7, 2.1e-7], True),  # small, and no rounding
        ([np.nan, 1.0], [np.nan, 2.0], False),  # undefined on both sides
        ([np.nan, 1.0], [1.0, 1.0], True),  # on one side
    ],
)
def test_what_differs(first, second, differs):
    """Fails if noise counts as a difference, or a difference without an interval does not."""
    assert one(numbers(first), numbers(second), True, 0.95)["differs"] == differs


@pytest.mark.parametrize(
    ("second", "differs"), [([1.0, 2.0], False), ([2.0, 4.0], True), ([2.0, 1.0], False)]
)
def test_which_ratios_differ(second, differs):
    """Fails if a ratio counts as none where it is zero, rather than one."""
    row = one(numbers([1.0, 2.0], None, "excess_risk"), numbers(second, None, "excess_risk"), True, 0.95)
    assert row["differs"] == differs


def test_what_one_side_lacks_is_left_out():
    """Fails if a number is compared with nothing."""
    both = pd.concat([numbers(FIRST), numbers(FIRST, None, "slope")])
    found = compared(both, numbers(SECOND), True, 0.95)
    assert list(found["quantity"]) == ["distance"]
