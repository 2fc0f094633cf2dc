"""Further predictors that do not iterate, for all prefixes; a statistic must not mistake them for a solver.

Each function returns (B, N+1) as those of `ickrr.nulls.predictors` do: entry n is the prediction of y_{n+1}
from the first n pairs, 0 at n = 0.
"""

import numpy as np
import numpy.typing as npt

from ickrr.nulls.predictors import kernel_ridge

Array = npt.NDArray[np.float64]


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
