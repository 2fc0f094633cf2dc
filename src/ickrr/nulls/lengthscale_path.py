"""Kernel ridge regression as its lengthscale falls, from ten times that of the task to half of it."""

from typing import TYPE_CHECKING, Final

from ickrr.config.task import TaskSettings

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Array = npt.NDArray[np.float64]

NAME = "Lengthscale path"
SHORT = "Lengthscale path"  # in legends
PROPER = False  # keeps its capital inside a sentence

FACTORS: Final = (10.0, 0.5)
"""The first and the last lengthscale, over that of the task."""


def flops(points: int) -> float:
    """Return the flops of one position on one prompt: a kernel, a Cholesky, and a triangular system."""
    return points**3 / 3 + 50.0 * points**2


def path(task: TaskSettings, x: "Array", y: "Array", steps: int) -> "Array":
    """Return the predictions at lengthscales that fall geometrically, (T+1, B, N+1).

    Args:
        task: kernel, lengthscale and noise.
        x: inputs, (B, N+1, d), float64.
        y: labels, (B, N+1), float64.
        steps: last position T.
    """
    import numpy as np

    from ickrr.nulls.predictors import kernel_of, kernel_ridge
    from ickrr.tasks import bayes_ridge

    ridge = bayes_ridge(task)
    factors = np.geomspace(*FACTORS, steps + 1)
    return np.stack([kernel_ridge(kernel_of(task, x, float(factor)), y, ridge) for factor in factors])
