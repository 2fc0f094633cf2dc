"""Bootstrap over prompts: one matrix of weights, so that every resampled mean is a matrix product.

Draw r replaces the mean over B prompts by sum_b w_rb v_b with B w_r ~ Multinomial(B, 1/B): the
nonparametric bootstrap (Efron and Tibshirani 1993, chapters 6 and 13). All seeds and solvers of a task
use the same matrix, so the difference of two statistics can be taken draw by draw.
"""

import numpy as np
import numpy.typing as npt

from ickrr.randomness import numpy_generator

Array = npt.NDArray[np.float64]


def resample_weights(prompts: int, draws: int, seed: int) -> Array:
    """Weights of the point estimate (row 0, uniform) and of the bootstrap draws (rows 1..).

    Args:
        prompts: number B of prompts.
        draws: number of bootstrap draws.
        seed: seed of the resamples; the stream also depends on B, and on nothing else.

    Returns:
        (1 + draws, B), rows summing to one.
    """
    generator = numpy_generator(seed, "bootstrap", prompts)
    counts = generator.multinomial(prompts, np.full(prompts, 1 / prompts), size=draws)  # (draws, B)
    return np.vstack([np.ones(prompts), counts]) / prompts


def percentile_interval(draws: Array, confidence: float) -> tuple[Array, Array]:
    """Percentile interval along the first axis.

    Draws where the statistic is undefined (NaN) are left out. Where they are more than the interval's own
    error level 1 - confidence, or there are none, the interval is NaN: it would leave out more than it
    claims.

    Args:
        draws: (R, ...).
        confidence: level in (0, 1).

    Returns:
        Lower and upper ends, each (...).
    """
    defined = np.isfinite(draws)
    order = np.sort(np.where(defined, draws, np.inf), axis=0)  # the undefined go last
    count = defined.sum(axis=0)
    ends = []
    for level in ((1 - confidence) / 2, (1 + confidence) / 2):
        position = level * np.maximum(count - 1, 0)  # linear interpolation between order statistics
        below = np.floor(position).astype(np.intp)
        above = np.minimum(below + 1, np.maximum(count - 1, 0))
        low_value = np.take_along_axis(order, below[None], axis=0)[0]
        high_value = np.take_along_axis(order, above[None], axis=0)[0]
        with np.errstate(invalid="ignore"):  # inf - inf where nothing is defined
            end = low_value + (position - below) * (high_value - low_value)
        usable = (count > 0) & (len(draws) - count <= (1 - confidence) * len(draws))
        ends.append(np.where(usable, end, np.nan))
    return ends[0], ends[1]
