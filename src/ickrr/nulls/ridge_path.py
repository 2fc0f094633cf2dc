"""Kernel ridge regression as its ridge falls, from one under which it hardly follows the labels."""

from typing import TYPE_CHECKING, Final

from ickrr.config.task import TaskSettings

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Array = npt.NDArray[np.float64]

NAME = "Ridge path"
SHORT = "Ridge path"  # in legends
PROPER = False  # keeps its capital inside a sentence

FIRST: Final = 100.0
"""First ridge, over the number of points: no eigenvalue of a kernel with k(x, x) <= 1 is larger."""

LAST: Final = 0.1
"""Last ridge, over that of the task."""


def flops(points: int) -> float:
    """Return the flops of one position on one prompt: a Cholesky, and a triangular system."""
    return points**3 / 3 + 2.0 * points**2


def path(task: TaskSettings, x: "Array", y: "Array", steps: int) -> "Array":
    """Return the predictions at ridges that fall geometrically, (T+1, B, N+1).

    Args:
        task: kernel, lengthscale and noise.
        x: inputs, (B, N+1, d), float64.
        y: labels, (B, N+1), float64.
        steps: last position T.
    """
    import numpy as np

    from ickrr.nulls.predictors import kernel_of, kernel_ridge
    from ickrr.tasks import JITTER, bayes_ridge

    last = max(LAST * bayes_ridge(task), JITTER)
    kernel = kernel_of(task, x)  # (B, N+1, N+1)
    ridges = np.geomspace(FIRST * y.shape[1], last, steps + 1)
    return np.stack([kernel_ridge(kernel, y, float(ridge)) for ridge in ridges])
