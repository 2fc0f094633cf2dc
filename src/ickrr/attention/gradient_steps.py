"""Several steps of gradient descent for linear regression in context.

From zero weights, k steps on the mean squared error of the first n pairs, with steps eta_1..eta_k, predict
x_q^T q(S_n) g_n, where S_n = (1/n) sum_i x_i x_i^T, g_n = (1/n) sum_i x_i y_i, and s q(s) = 1 - prod_t
(1 - eta_t s): q is a polynomial of degree k - 1, and every such polynomial is k steps (two may be a complex
pair, that is one step with momentum). Its coefficients are the same for all prompts and context lengths.
"""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


def mean_products(x: Array, y: Array) -> Array:
    """g_n = (1/n) sum over i <= n of x_i y_i, for n = 1..N.

    Args:
        x: inputs, (B, N+1, d).
        y: labels, (B, N+1); the last is not used.

    Returns:
        (B, N, d).
    """
    totals = np.cumsum(x[:, :-1] * y[:, :-1, None], axis=1)
    products: Array = totals / np.arange(1, x.shape[1])[:, None]
    return products


def step_features(x: Array, y: Array, steps: int) -> Array:
    """x_q^T S_n^j g_n for j = 0..steps - 1 and n = 1..N.

    Args:
        x: inputs, (B, N+1, d).
        y: labels, (B, N+1); the last is not used.
        steps: number of steps.

    Returns:
        (B, N, steps).
    """
    count = np.arange(1, x.shape[1])[:, None, None]
    covariances = np.cumsum(x[:, :-1, :, None] * x[:, :-1, None, :], axis=1) / count  # (B, N, d, d)
    vectors, features = mean_products(x, y), []
    for _ in range(steps):
        features.append((x[:, 1:] * vectors).sum(axis=-1))  # (B, N)
        vectors = (covariances @ vectors[..., None])[..., 0]
    return np.stack(features, axis=-1)


def nearest_steps(fit: Mapping[str, Array], target: Array, test: Mapping[str, Array], steps: int) -> Array:
    """Predictions, for n = 1..N, of the steps that are nearest to given predictions, (B, N).

    Args:
        fit: prompts `x` (F, N+1, d), `y` (F, N+1) that the step sizes are fitted to.
        target: what is to be predicted on these, (F, N+1).
        test: prompts that are predicted.
        steps: number of steps.
    """
    features = step_features(fit["x"], fit["y"], steps).reshape(-1, steps)
    scale = np.sqrt(np.square(features).mean(axis=0))  # powers of S_n differ by orders of magnitude
    coefficients = np.linalg.lstsq(features / scale, target[:, 1:].ravel(), rcond=None)[0] / scale
    predictions: Array = step_features(test["x"], test["y"], steps) @ coefficients
    return predictions
