"""Predictors that do not iterate against scikit-learn, and boosting against a loop."""

import numpy as np
import pytest
from sklearn.kernel_ridge import KernelRidge
from sklearn.neighbors import KNeighborsRegressor
from sklearn.preprocessing import PolynomialFeatures

from ickrr.identification.boosting import boosted
from ickrr.identification.nulls import feature_ridge, nearest_neighbours, quadratic_features
from ickrr.nulls.predictors import kernel_ridge, smoother


def test_kernel_ridge_is_scikit_learns(make_problem):
    """Fails if a prefix's prediction differs from a separate fit, with the lengthscale in input units."""
    problem = make_problem()
    found = kernel_ridge(problem.kernel(1.3), problem.y, 0.2)
    assert not found[:, 0].any()
    for b in range(len(found)):
        for n in range(1, found.shape[1]):
            peer = KernelRidge(alpha=0.2, kernel="rbf", gamma=0.5 / 1.3**2)
            peer.fit(problem.x[b, :n], problem.y[b, :n])
            assert found[b, n] == pytest.approx(peer.predict(problem.x[b, n : n + 1])[0], abs=1e-10)


def test_smoother_and_neighbours(make_problem):
    """Fails if a weight or a neighbour is another one, or the query sees its own label."""
    problem = make_problem()
    smooth = smoother(problem.kernel(0.5), problem.y)
    near = nearest_neighbours(problem.squared_distances, problem.y, 3)
    for b in range(len(smooth)):
        for n in range(1, smooth.shape[1]):
            distances = np.linalg.norm(problem.x[b, :n] - problem.x[b, n], axis=1)
            expected = np.average(problem.y[b, :n], weights=np.exp(-2 * distances**2))
            assert smooth[b, n] == pytest.approx(expected)
            peer = KNeighborsRegressor(min(3, n)).fit(problem.x[b, :n], problem.y[b, :n])
            assert near[b, n] == pytest.approx(peer.predict(problem.x[b, n : n + 1])[0])


def test_quadratic_regression(make_problem):
    """Fails if a product of inputs is missing or the regression is not the ridge regression on features."""
    problem = make_problem()
    features = quadratic_features(problem.x)
    for found, x in zip(features, problem.x, strict=True):
        peer = PolynomialFeatures(2).fit_transform(x)
        np.testing.assert_allclose(np.sort(found, axis=1), np.sort(peer, axis=1))
    found = feature_ridge(features, problem.y, 0.1)
    phi, y = features[0, :7], problem.y[0, :7]
    weights = np.linalg.solve(phi.T @ phi + 0.1 * np.eye(phi.shape[1]), phi.T @ y)
    assert found[0, 7] == pytest.approx(features[0, 7] @ weights, abs=1e-8)


def test_boosting_is_the_loop(make_problem):
    """Fails if a step does not smooth the residual of the last with the query's own weights."""
    problem = make_problem(prompts=2, context_length=6)
    found = boosted(problem.kernel(), problem.y, 4)
    np.testing.assert_allclose(found[1], smoother(problem.kernel(), problem.y))
    for b in range(2):
        for n in range(1, 7):
            kernel = problem.kernel()[b, : n + 1, :n]
            matrix, row = kernel[:n] / kernel[:n].sum(axis=1)[:, None], kernel[n] / kernel[n].sum()
            fitted, prediction = np.zeros(n), 0.0
            for step in range(1, 5):
                residual = problem.y[b, :n] - fitted
                prediction, fitted = prediction + row @ residual, fitted + matrix @ residual
                assert found[step, b, n] == pytest.approx(prediction)
