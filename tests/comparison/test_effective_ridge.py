"""The effective ridge: regressions are given back their own, between the points of the grid too."""

import numpy as np
import pytest

from ickrr.comparison.bootstrap import resample_weights
from ickrr.comparison.effective_ridge import GRID, RidgePath, nearest_ridge

PROMPTS, N, TRAINING = 40, 6, 0.09


def regression(x, y, ridge):
    """Kernel ridge regression of every point from those before it, a plain solve for each."""
    predictions = np.zeros_like(y)
    for b in range(PROMPTS):
        kernel = np.exp(-((x[b, :, None] - x[b, None]) ** 2).sum(axis=-1) / 2)
        for n in range(1, N + 1):
            system = kernel[:n, :n] + ridge * np.eye(n)
            predictions[b, n] = kernel[n, :n] @ np.linalg.solve(system, y[b, :n])
    return predictions


@pytest.fixture(scope="module")
def data():
    generator = np.random.default_rng(0)
    return generator.normal(size=(PROMPTS, N + 1, 2)), generator.normal(size=(PROMPTS, N + 1))


@pytest.fixture(scope="module")
def path(data):
    return RidgePath(GRID, np.stack([regression(*data, TRAINING * ridge) for ridge in GRID]))


@pytest.mark.parametrize("ridge", [0.02, 0.37, 1.0, 2.9, 55.0])
def test_a_regression_has_its_own_ridge(data, path, ridge):
    """Fails if ridges are not those over that of training, or are read off the grid only (33 % apart)."""
    weights = resample_weights(PROMPTS, 20, 0)
    found = nearest_ridge(regression(*data, TRAINING * ridge), path, weights)
    assert found.shape == (21, N + 1)
    np.testing.assert_allclose(found[:, 1:], ridge, rtol=0.04)


def test_the_nearest_of_noisy_predictions_is_that_of_a_finer_search(data, path):
    """Fails if weights are those of other prompts, or the parabola is fitted in another coordinate."""
    noise = 0.1 * np.random.default_rng(1).normal(size=(PROMPTS, N + 1))
    predictions = regression(*data, 2.0 * TRAINING) + noise
    weights = resample_weights(PROMPTS, 3, 0)
    fine = np.geomspace(0.1, 30, 400)
    regressions = np.stack([regression(*data, TRAINING * ridge) for ridge in fine])
    for row, found in zip(weights, nearest_ridge(predictions, path, weights), strict=True):
        errors = np.einsum("b,gbn->gn", row, (regressions - predictions) ** 2)
        np.testing.assert_allclose(found[1:], fine[errors.argmin(axis=0)][1:], rtol=0.04)


def test_ends_of_the_grid_and_what_has_no_ridge(data, path):
    """Fails if the parabola leaves the grid, or a ridge is read from a NaN or where it has no effect."""
    weights = resample_weights(PROMPTS, 1, 0)
    assert np.isnan(nearest_ridge(path.predictions[9], path, weights)[:, 0]).all()
    np.testing.assert_allclose(nearest_ridge(np.zeros((PROMPTS, N + 1)), path, weights)[:, 1:], GRID[-1])
    broken = path.predictions[9].copy()
    broken[3, 2] = np.nan
    assert np.isnan(nearest_ridge(broken, path, weights)).all(axis=0).tolist() == [
        n in (0, 2) for n in range(N + 1)
    ]
