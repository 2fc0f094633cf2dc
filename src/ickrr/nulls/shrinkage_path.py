"""The posterior mean times a factor, which grows from 0 to 1."""

from typing import TYPE_CHECKING

from ickrr.config.task import TaskSettings

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Array = npt.NDArray[np.float64]

NAME = "Shrunk posterior mean"
SHORT = "Shrunk mean"  # in legends
PROPER = False  # keeps its capital inside a sentence


def flops(points: int) -> float:
    """Return the flops of one position on one prompt, with a share of the posterior mean's."""
    return float(points**2)


def path(task: TaskSettings, x: "Array", y: "Array", steps: int) -> "Array":
    """Return the predictions at factors 0, 1/T, .., 1, (T+1, B, N+1).

    Args:
        task: kernel, lengthscale and noise.
        x: inputs, (B, N+1, d), float64.
        y: labels, (B, N+1), float64.
        steps: last position T.
    """
    import numpy as np

    from ickrr.nulls.predictors import kernel_of, kernel_ridge
    from ickrr.tasks import bayes_ridge

    converged = kernel_ridge(kernel_of(task, x), y, bayes_ridge(task))  # (B, N+1)
    return np.linspace(0, 1, steps + 1)[:, None, None] * converged
