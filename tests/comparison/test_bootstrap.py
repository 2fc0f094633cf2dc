"""Bootstrap weights and percentile intervals: their law, SciPy's bootstrap, and coverage."""

import numpy as np
import pytest
from scipy import stats

from ickrr.comparison.bootstrap import percentile_interval, resample_weights


def test_weights_are_resampled_counts():
    """Fails unless row 0 is uniform and every draw is B counts over B that sum to one."""
    weights = resample_weights(50, 20, seed=3)
    assert weights.shape == (21, 50)
    np.testing.assert_allclose(weights[0], 1 / 50)
    counts = weights[1:] * 50
    np.testing.assert_allclose(counts, np.round(counts), atol=1e-12)
    np.testing.assert_allclose(counts.sum(axis=1), 50)
    assert len(np.unique(counts, axis=0)) == 20


def test_weights_depend_on_the_seed_and_the_number_of_prompts_alone():
    """Fails if two calls differ, or if different seeds give the same resamples."""
    np.testing.assert_array_equal(resample_weights(30, 5, 1), resample_weights(30, 5, 1))
    assert (resample_weights(30, 5, 1)[1:] != resample_weights(30, 5, 2)[1:]).any()


def test_counts_follow_the_multinomial_law():
    """Fails if counts have the wrong variance 1 - 1/B or covariance -1/B (B = 10, 4e4 draws)."""
    counts = resample_weights(10, 40_000, 0)[1:] * 10
    covariance = np.cov(counts, rowvar=False)
    np.testing.assert_allclose(np.diag(covariance), 0.9, atol=0.04)
    np.testing.assert_allclose(covariance[~np.eye(10, dtype=bool)], -0.1, atol=0.03)


def test_interval_agrees_with_scipys_bootstrap():
    """Fails if the interval of a mean is not scipy.stats.bootstrap's up to resampling noise."""
    data = np.random.default_rng(0).exponential(size=200)
    low, high = percentile_interval(resample_weights(200, 20_000, 0)[1:] @ data, 0.95)
    reference = stats.bootstrap((data,), np.mean, n_resamples=20_000, method="percentile", rng=1)
    width = reference.confidence_interval.high - reference.confidence_interval.low
    assert low == pytest.approx(reference.confidence_interval.low, abs=0.02 * width)
    assert high == pytest.approx(reference.confidence_interval.high, abs=0.02 * width)


def test_interval_equals_numpys_quantiles():
    """Fails if the interpolation between order statistics is not NumPy's default."""
    draws = np.random.default_rng(1).normal(size=(101, 3, 2))
    low, high = percentile_interval(draws, 0.9)
    expected_low, expected_high = np.quantile(draws, [0.05, 0.95], axis=0)
    np.testing.assert_allclose(low, expected_low, rtol=1e-14)
    np.testing.assert_allclose(high, expected_high, rtol=1e-14)


def test_coverage_of_a_known_mean():
    """Fails if 90 % intervals of a normal mean (B = 60) cover it outside 86 to 93.5 % of 1500 times."""
    data = np.random.default_rng(2).normal(loc=1.0, size=(60, 1500))
    low, high = percentile_interval(resample_weights(60, 600, 0)[1:] @ data, 0.9)
    # 1.5 % below nominal is the percentile interval's own error at B = 60; the rest is 4 standard errors.
    covered = np.mean((low <= 1) & (high >= 1))
    assert 0.86 < covered < 0.935


def test_undefined_draws_are_left_out_up_to_the_error_level():
    """Fails if 5 % NaN draws of 100 spoil a 95 % interval, or if 6 % leave one standing."""
    draws = np.random.default_rng(3).normal(size=(100, 3))
    draws[:5, 0] = np.nan
    draws[:6, 1] = np.nan
    draws[:, 2] = np.nan
    low, high = percentile_interval(draws, 0.95)
    expected = np.quantile(draws[5:, 0], [0.025, 0.975])
    np.testing.assert_allclose([low[0], high[0]], expected, rtol=1e-13)
    assert np.isnan([low[1], high[1], low[2], high[2]]).all()
