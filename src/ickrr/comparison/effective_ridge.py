"""The ridge of the kernel ridge regression that predictions are nearest to, at every context length.

Distances are mean squares over prompts, to regressions on a geometric grid of ridges. The minimum over the
grid is refined by the parabola through it and its neighbours, in the logarithm of the ridge.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

GRID: Final[Array] = np.geomspace(1e-3, 1e3, 49)
"""Ridges over that of training, eight to a factor of ten: beyond all that test noise of a tenth to ten times
that of training asks for. The nearest of a predictor that is beyond is the end of the grid."""


@dataclass(frozen=True)
class RidgePath:
    """Kernel ridge regressions on some prompts.

    Attributes:
        ridges: G ridges in geometric progression, over that of training, (G,).
        predictions: with each of them, (G, B, N+1).
    """

    ridges: Array
    predictions: Array


def nearest_ridge(predictions: Array, path: RidgePath, weights: Array) -> Array:
    """Return the ridge of the regression that is nearest to predictions, for many weightings of the prompts.

    Args:
        predictions: (B, N+1).
        path: the regressions.
        weights: rows summing to one, (R, B).

    Returns:
        The ridges over that of training, (R, N+1); NaN where a prediction is not finite, and where the ridge
        makes no difference (without a context).
    """
    with np.errstate(invalid="ignore", over="ignore"):
        squared = np.square(path.predictions - predictions)  # (G, B, N+1)
        apart = np.tensordot(weights, squared, (1, 1))  # (R, G, N+1)
        spread = np.ptp(apart, axis=1)
    best = apart.argmin(axis=1)  # (R, N+1)
    middle = np.clip(best, 1, len(path.ridges) - 2)
    before, at, after = (
        np.take_along_axis(apart, (middle + move)[:, None], axis=1)[:, 0] for move in (-1, 0, 1)
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        bend = before - 2 * at + after
        shift = np.where((best == middle) & (bend > 0), (before - after) / (2 * bend), 0.0)
    step = np.log(path.ridges[1] / path.ridges[0])
    return np.where(spread > 0, path.ridges[best] * np.exp(step * shift), np.nan)
