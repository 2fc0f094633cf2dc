"""One step of preconditioned gradient descent for linear regression in context.

From zero weights, one step on the mean squared error of the first n pairs predicts
x_q^T Gamma g_n with g_n = (1/n) sum_i x_i y_i: Gamma a multiple of the identity is plain gradient descent
(von Oswald et al. 2023, section 3), a matrix is preconditioned (Ahn et al. 2023, theorem 1). One layer of
linear attention can compute both. Gamma is the same for all prompts and context lengths, and a least squares
solution: against the model's own predictions, which says whether the model is such a step, and against the
posterior mean, which gives the step with the least error (its regression is that of the label with less
variance). Models of several layers are compared with several steps too (`ickrr.attention.gradient_steps`).
"""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from ickrr.attention.gradient_steps import mean_products, nearest_steps
from ickrr.comparison.resamples import Resamples

Array = npt.NDArray[np.float64]


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
    subject: str,
    models: Array,
    on_fit: Array,
    fit: Mapping[str, Array],
    test: Mapping[str, Array],
    steps: int,
    resamples: Resamples,
) -> list[dict[str, object]]:
    """Compare trained models with steps: means over n = 1..N and seeds, intervals over prompts and seeds.

    Quantities, for each of `FITS`: ``agreement`` is RMS(model - step) over RMS(step) with the step nearest to
    the model, ``agreement_best`` the same with the step of the least error, ``error_ratio`` the model's mean
    squared error against f over that of the latter. ``error_ratio_ridge`` is the same over converged ridge
    regression, setting ``ridge``. For 1 to `steps` steps, by their number: ``steps_agreement`` with the
    nearest steps, and ``steps_of_ridge``, what ridge regression scores there, which takes no steps.

    Args:
        subject: what the rows are of.
        models: predictions of K seeds of the test prompts, (K, B, N+1).
        on_fit: of the fit prompts, (K, F, N+1).
        fit: prompts that steps are fitted to.
        test: prompts that are compared.
        steps: largest number of steps.
        resamples: of the B prompts and K seeds.

    Returns:
        Rows ``quantity, subject, setting, value, low, high``.
    """
    x, y, predictions = test["x"], test["y"], models[:, :, 1:]  # (K, B, N)

    def alike(one: Array) -> Array:
        return np.broadcast_to(one[:, 1:], predictions.shape)

    f, ridge = alike(test["f"]), alike(test["posterior_mean"])
    # MSE over the mean of f^2, whose denominator cancels in the ratios below.
    error = np.square(resamples.relative(predictions, f))  # (1 + draws, K)
    statistic = {("error_ratio_ridge", "ridge"): error / np.square(resamples.relative(ridge, f))}
    for name, fitted in FITS.items():
        own = np.stack([predict(fitted(fit["x"], fit["y"], one), x, y) for one in on_fit])
        best = np.broadcast_to(predict(fitted(fit["x"], fit["y"], fit["posterior_mean"]), x, y), own.shape)
        statistic["agreement", name] = resamples.relative(predictions, own)
        statistic["agreement_best", name] = resamples.relative(predictions, best)
        statistic["error_ratio", name] = error / np.square(resamples.relative(best, f))
    for count in range(1, steps + 1):
        near = np.stack([nearest_steps(fit, one, test, count) for one in on_fit])
        of_ridge = np.broadcast_to(nearest_steps(fit, fit["posterior_mean"], test, count), near.shape)
        statistic["steps_agreement", str(count)] = resamples.relative(predictions, near)
        statistic["steps_of_ridge", str(count)] = resamples.relative(ridge, of_ridge)
    return [
        {
            "quantity": quantity,
            "subject": subject,
            "setting": setting,
            **resamples.estimate(resamples.over_seeds(draws)),
        }
        for (quantity, setting), draws in statistic.items()
    ]
