"""One step of preconditioned gradient descent for linear regression in context.

From zero weights, one step on the mean squared error of the first n pairs predicts
x_q^T Gamma g_n with g_n = (1/n) sum_i x_i y_i: Gamma a multiple of the identity is plain gradient descent
(von Oswald et al. 2023, section 3), a matrix is preconditioned (Ahn et al. 2023, theorem 1). One layer of
linear attention can compute both. Gamma is the same for all prompts and context lengths; here it is the least
squares solution, against the posterior mean, whose regression is that of the label with less variance.
"""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from ickrr.comparison.resamples import Resamples

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


def fit_matrix(x: Array, y: Array, target: Array) -> Array:
    """Least squares Gamma of x_q^T Gamma g_n, over all prompts and n = 1..N, (d, d).

    Args:
        x: inputs, (B, N+1, d).
        y: labels, (B, N+1).
        target: what is predicted, (B, N+1).
    """
    dimension = x.shape[-1]
    features = x[:, 1:, :, None] * mean_products(x, y)[:, :, None, :]  # (B, N, d, d)
    solution = np.linalg.lstsq(features.reshape(-1, dimension**2), target[:, 1:].ravel(), rcond=None)[0]
    return np.asarray(solution.reshape(dimension, dimension))


def fit_scalar(x: Array, y: Array, target: Array) -> Array:
    """Least squares Gamma among multiples of the identity, (d, d); arguments as `fit_matrix`."""
    feature = (x[:, 1:] * mean_products(x, y)).sum(axis=-1)  # (B, N)
    return float((feature * target[:, 1:]).sum() / np.square(feature).sum()) * np.eye(x.shape[-1])


def predict(gamma: Array, x: Array, y: Array) -> Array:
    """Predictions x_q^T Gamma g_n for n = 1..N, (B, N)."""
    predictions: Array = np.einsum("bni,ij,bnj->bn", x[:, 1:], gamma, mean_products(x, y))
    return predictions


FITS = {"matrix": fit_matrix, "scalar": fit_scalar}
"""Ways to choose Gamma: preconditioned, and plain gradient descent."""


def comparison_rows(
    subject: str, models: Array, fit: Mapping[str, Array], test: Mapping[str, Array], resamples: Resamples
) -> list[dict[str, object]]:
    """Compare trained models with the step: means over n = 1..N and seeds, intervals over prompts and seeds.

    ``agreement`` is RMS(model - step) over RMS(step), ``error_ratio`` the model's mean squared error against
    f over that of the step, both for each of `FITS`; ``error_ratio_ridge`` is the same over converged ridge
    regression, setting ``ridge``.

    Args:
        subject: what the rows are of.
        models: predictions of K seeds for n = 1..N, (K, B, N).
        fit: prompts that Gamma is fitted to.
        test: prompts that the models predict.
        resamples: of the B prompts and K seeds.

    Returns:
        Rows ``quantity, subject, setting, value, low, high``.
    """
    f = np.broadcast_to(test["f"][:, 1:], models.shape)
    ridge = np.broadcast_to(test["posterior_mean"][:, 1:], models.shape)
    # MSE over the mean of f^2, whose denominator cancels in the ratios below.
    error = np.square(resamples.relative(models, f))  # (1 + draws, K)
    statistic = {("error_ratio_ridge", "ridge"): error / np.square(resamples.relative(ridge, f))}
    for name, fitted in FITS.items():
        gamma = fitted(fit["x"], fit["y"], fit["posterior_mean"])
        step = np.broadcast_to(predict(gamma, test["x"], test["y"]), models.shape)
        statistic["agreement", name] = resamples.relative(models, step)
        statistic["error_ratio", name] = error / np.square(resamples.relative(step, f))
    return [
        {
            "quantity": quantity,
            "subject": subject,
            "setting": setting,
            **resamples.estimate(resamples.over_seeds(draws)),
        }
        for (quantity, setting), draws in statistic.items()
    ]
