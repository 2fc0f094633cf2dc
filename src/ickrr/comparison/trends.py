"""How the best-matching step t*(l) grows with the layer l: line, rank correlation, censored share.

The line is ordinary least squares of t* on l, R^2 the square of Pearson's correlation, tau Kendall's
tau-b (Kendall 1945: pairs tied in t* count in one of the two factors of the denominator). Layers whose
best step is censored, or undefined because everything diverged, are left out; with fewer than
`LEAST_LAYERS` left, or with more than `MOST_CENSORED` of the layers that have a best step censored, all three
are NaN: the layers that remain are then those of a slow solver's straight beginning.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

LEAST_LAYERS = 3
"""Two points always lie on a line."""
MOST_CENSORED = 1 / 3
"""Share of censored layers up to which the others stand for the whole model."""


@dataclass(frozen=True)
class Trend:
    """Statistics of t*(l), each (R,) for R draws.

    Attributes:
        slope: steps per layer.
        r_squared: share of the variance of t* that the line explains; NaN when t* is constant.
        kendall_tau: tau-b; NaN when t* is constant.
        censored_share: censored layers over the layers that have a best step; NaN when none has.
    """

    slope: Array
    r_squared: Array
    kendall_tau: Array
    censored_share: Array


def best_step_trend(best_step: Array, censored: npt.NDArray[np.bool_]) -> Trend:
    """Trend of the best step over layers 1..L, for many draws at once.

    Args:
        best_step: t*(l) for l = 1..L, (R, L); NaN where undefined.
        censored: (R, L).

    Returns:
        The four statistics, (R,) each.
    """
    defined = np.isfinite(best_step)
    used = defined & ~censored
    with np.errstate(invalid="ignore", divide="ignore"):
        share = (censored & defined).sum(axis=1) / defined.sum(axis=1)
    enough = (used.sum(axis=1) >= LEAST_LAYERS) & (share <= MOST_CENSORED)
    layer = np.broadcast_to(np.arange(1.0, best_step.shape[1] + 1), best_step.shape)
    step = np.where(used, best_step, 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        slope, r_squared = _line(layer, step, used)
        tau = _kendall_tau(layer, step, used)
    missing = np.where(enough, 0.0, np.nan)
    return Trend(slope + missing, r_squared + missing, tau + missing, share)


def _line(x: Array, y: Array, used: npt.NDArray[np.bool_]) -> tuple[Array, Array]:
    count = used.sum(axis=1, keepdims=True)
    x_centred = np.where(used, x - (x * used).sum(axis=1, keepdims=True) / count, 0.0)
    y_centred = np.where(used, y - (y * used).sum(axis=1, keepdims=True) / count, 0.0)
    xx, xy, yy = (
        (a * b).sum(axis=1)
        for a, b in ((x_centred, x_centred), (x_centred, y_centred), (y_centred, y_centred))
    )
    slope = xy / xx
    # A constant t* has no variance to explain. Its mean may be off by rounding: ask t* itself.
    constant = np.where(used, y, -np.inf).max(axis=1) == np.where(used, y, np.inf).min(axis=1)
    return np.where(constant, 0.0, slope), np.where(constant, np.nan, xy * xy / (xx * yy))


def _kendall_tau(x: Array, y: Array, used: npt.NDArray[np.bool_]) -> Array:
    first, second = np.triu_indices(x.shape[1], k=1)
    pair = used[:, first] & used[:, second]  # (R, L(L-1)/2)
    x_sign = np.sign(x[:, second] - x[:, first]) * pair
    y_sign = np.sign(y[:, second] - y[:, first]) * pair
    agreement = (x_sign * y_sign).sum(axis=1)
    tau: Array = agreement / np.sqrt(np.abs(x_sign).sum(axis=1) * np.abs(y_sign).sum(axis=1))
    return tau
