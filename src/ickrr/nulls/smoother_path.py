"""Nadaraya-Watson regression as its bandwidth falls: one attention with the kernel as its weights."""

from typing import TYPE_CHECKING, Final

from ickrr.config.task import TaskSettings

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Array = npt.NDArray[np.float64]

NAME = "Nadaraya–Watson smoother"
SHORT = "Smoother"  # in legends
PROPER = True  # keeps its capital inside a sentence

FACTORS: Final = (10.0, 0.2)
"""The first and the last bandwidth, over the lengthscale of the task."""


def flops(points: int) -> float:
    """Return the flops of one position on one prompt: a kernel, its row sums, and a product."""
    return 50.0 * points**2


def path(task: TaskSettings, x: "Array", y: "Array", steps: int) -> "Array":
    """Return the predictions at bandwidths that fall geometrically, (T+1, B, N+1).

    Args:
        task: kernel and lengthscale.
        x: inputs, (B, N+1, d), float64.
        y: labels, (B, N+1), float64.
        steps: last position T.
    """
    import numpy as np

    from ickrr.nulls.predictors import kernel_of, smoother

    factors = np.geomspace(*FACTORS, steps + 1)
    return np.stack([smoother(kernel_of(task, x, float(factor)), y) for factor in factors])
