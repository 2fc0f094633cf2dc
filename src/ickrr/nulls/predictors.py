"""The predictors that paths of nulls and the identification of layers are made of, for all prefixes.

Each takes a matrix of kernel values over all N+1 points and returns (B, N+1), entry n the prediction of
y_{n+1} from the first n pairs, 0 at n = 0.
"""

import numpy as np
import numpy.typing as npt
import torch

from ickrr.config.task import TaskSettings
from ickrr.tasks import kernel_matrix, posterior

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
    """Return Nadaraya-Watson sum_j k(x_q, x_j) y_j / sum_j k(x_q, x_j): causal softmax of log k, row n+1.

    It is 0 where all weights are, as those of a narrow kernel are far from all points.
    """
    strict = np.tril(kernel, -1)  # (B, N+1, N+1)
    sums = strict.sum(axis=2)
    prediction: Array = np.einsum("bnj,bj->bn", strict, labels) / np.where(sums > 0, sums, 1.0)
    return prediction


def kernel_of(task: TaskSettings, x: Array, factor: float = 1.0) -> Array:
    """Return the task's kernel between the points of each prompt, (B, N+1, N+1).

    Args:
        task: kernel and lengthscale.
        x: inputs, (B, N+1, d).
        factor: on the lengthscale.
    """
    scaled = task.model_copy(update={"lengthscale": factor * task.lengthscale})
    matrix: Array = kernel_matrix(scaled, torch.from_numpy(x)).numpy()
    return matrix
