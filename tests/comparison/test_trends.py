"""Trend statistics of t*(l) against SciPy, draw by draw."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from ickrr.comparison.trends import best_step_trend

steps = arrays(np.float64, st.tuples(st.integers(1, 4), st.integers(1, 9)), elements=st.integers(0, 6))


@given(best=steps, last=st.integers(2, 7), missing=st.integers(-1, 6))
@settings(max_examples=200, deadline=None)
def test_statistics_equal_scipys(best, last, missing):
    """Fails if slope, R^2 or tau-b differ from SciPy's on the uncensored layers, or NaN is misplaced."""
    best = np.where(best == missing, np.nan, np.minimum(best, last))
    censored = best == last
    trend = best_step_trend(best, censored)
    layer = np.arange(1, best.shape[1] + 1)
    for row in range(len(best)):
        used = np.isfinite(best[row]) & ~censored[row]
        found = [trend.slope[row], trend.r_squared[row], trend.kendall_tau[row]]
        if (
            used.sum() < 3
            or 3 * (np.isfinite(best[row]) & censored[row]).sum() > np.isfinite(best[row]).sum()
        ):
            assert np.isnan(found).all()
            continue
        x, y = layer[used], best[row, used]
        if (y == y[0]).all():
            assert found[0] == 0
            assert np.isnan(found[1:]).all()
            continue
        line = stats.linregress(x, y)
        expected = [line.slope, line.rvalue**2, stats.kendalltau(x, y).statistic]
        np.testing.assert_allclose(found, expected, atol=1e-12)


def test_censored_share_counts_layers_that_have_a_best_step():
    """Fails if an undefined layer enters the share, or if a model that diverged everywhere gets one."""
    best = np.array([[1.0, 9.0, 9.0, np.nan], [np.nan] * 4, [1.0, 2.0, 3.0, 4.0]])
    trend = best_step_trend(best, best == 9)
    np.testing.assert_allclose(trend.censored_share, [2 / 3, np.nan, 0])


def test_a_perfect_line():
    """Fails if layers are not numbered from 1 in steps of one: slope 2, R^2 and tau 1."""
    trend = best_step_trend(np.array([[3.0, 5.0, 7.0, 9.0]]), np.zeros((1, 4), dtype=bool))
    assert trend.slope[0] == pytest.approx(2)
    assert trend.r_squared[0] == pytest.approx(1)
    assert trend.kendall_tau[0] == pytest.approx(1)


def test_a_trend_over_the_layers_that_happen_to_be_inside_is_none():
    """Fails if a solver of which half the layers are censored keeps the straight line of the others."""
    best = np.array([[1.0, 2.0, 3.0, 9.0, 9.0], [1.0, 2.0, 3.0, 4.0, 9.0], [1.0, 2.0, 3.0, 4.0, np.nan]])
    trend = best_step_trend(best, best == 9)
    np.testing.assert_allclose(trend.r_squared, [np.nan, 1, 1])
    np.testing.assert_allclose(trend.censored_share, [2 / 5, 1 / 5, 0])
