"""Predictors that do not iterate, for all prefixes; a statistic must not mistake them for a solver.

Each function takes a matrix of kernel values or distances over all N+1 points and returns (B, N+1), entry n
the prediction of y_{n+1} from the first n pairs, 0 at n = 0.
"""

import numpy as np
import numpy.typing as npt
import torch

from ickrr.tasks import posterior

Array = npt.NDArray[np.float64]


def kernel_ridge(kernel: Array, labels: Array, ridge: float) -> Array:
    """Return k_n' (K_n + ridge I)^-1 y of all prefixes, from one Cholesky (`ickrr.tasks.posterior`).

    Args:
        kernel: K, (B, N+1, N+1).
        labels: y, (B, N+1).
        ridge: > 0.

    Raises:
        CovarianceError: K + ridge I is not numerically positive definite.
    """
    prediction: Array = posterior(torch.from_numpy(kernel), torch.from_numpy(labels), ridge)[0].numpy()
    return prediction


def smoother(kernel: Array, labels: Array) -> Array:
    """Return Nadaraya-Watson sum_j k(x_q, x_j) y_j / sum_j k(x_q, x_j): causal softmax of log k, row n+1."""
    strict = np.tril(kernel, -1)  # (B, N+1, N+1)
    sums = strict.sum(axis=2)
    sums[:, 0] = 1.0
    prediction: Array = np.einsum("bnj,bj->bn", strict, labels) / sums
    return prediction


def nearest_neighbours(squared_distances: Array, labels: Array, count: int) -> Array:
    """Return the mean label of the `count` nearest context points, or of all if there are fewer."""
    points = labels.shape[1]
    prediction = np.zeros_like(labels)
    for n in range(1, points):
        order = np.argsort(squared_distances[:, n, :n], axis=1)[:, :count]  # (B, <= count)
        prediction[:, n] = np.take_along_axis(labels[:, :n], order, axis=1).mean(axis=1)
    return prediction


def feature_ridge(features: Array, labels: Array, ridge: float) -> Array:
    """Return ridge regression on features (B, N+1, F), for instance the inputs or their products."""
    return kernel_ridge(
        features @ features.transpose(0, 2, 1) + 1e-12 * np.eye(labels.shape[1]), labels, ridge
    )


def quadratic_features(x: Array) -> Array:
    """Return 1, x and all products x_i x_j with i <= j, (B, N+1, 1 + d + d(d+1)/2)."""
    rows, columns = np.triu_indices(x.shape[2])
    return np.concatenate([np.ones_like(x[..., :1]), x, x[..., rows] * x[..., columns]], axis=2)
