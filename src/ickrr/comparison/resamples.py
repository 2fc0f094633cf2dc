"""Resamples of prompts and seeds that all statistics of a run share, and their intervals.

Draw r resamples the prompts and, with replacement, the seeds (`seed_picks`).
"""

import numpy as np
import numpy.typing as npt

from ickrr.comparison.bootstrap import percentile_interval, resample_weights
from ickrr.randomness import numpy_generator

Array = npt.NDArray[np.float64]


def seed_picks(seeds: int, draws: int, seed: int) -> npt.NDArray[np.int64]:
    """Draw which seeds each bootstrap draw averages.

    Args:
        seeds: number K of seeds.
        draws: number of bootstrap draws.
        seed: seed of the resamples; the stream also depends on K, and on nothing else.

    Returns:
        (1 + draws, K), positions of seeds; row 0, the point estimate, takes each once.
    """
    picks = numpy_generator(seed, "bootstrap seeds", seeds).integers(seeds, size=(draws, seeds))
    return np.vstack([np.arange(seeds), picks])


class Resamples:
    """The same resamples for every statistic of a run.

    Args:
        prompts: number B of prompts.
        seeds: number K of seeds.
        draws: number of bootstrap draws.
        seed: of the resamples.
        confidence: level of the intervals.
    """

    def __init__(self, prompts: int, seeds: int, draws: int, seed: int, confidence: float) -> None:
        self.weights = resample_weights(prompts, draws, seed)  # (1 + draws, B)
        self.picks = seed_picks(seeds, draws, seed)  # (1 + draws, K)
        self.confidence = confidence

    def means(self, values: Array) -> Array:
        """Mean over resampled prompts of each seed, (K, B) -> (1 + draws, K), the point estimate first."""
        return self.weights @ values.T

    def over_seeds(self, values: Array) -> Array:
        """Mean over the picked seeds, (1 + draws, K) -> (1 + draws)."""
        mean: Array = np.take_along_axis(values, self.picks, axis=1).mean(axis=1)
        return mean

    def relative(self, predicted: Array, reference: Array) -> Array:
        """RMS(predicted - reference)/RMS(reference) of each seed, (1 + draws, K).

        Args:
            predicted: (K, B), or (K, B, n) with all n of a prompt resampled together.
            reference: the same shape.
        """
        squares, norms = (
            np.square(values).reshape(*values.shape[:2], -1).mean(axis=-1)
            for values in (predicted - reference, reference)
        )
        ratio: Array = np.sqrt(self.means(squares) / self.means(norms))
        return ratio

    def estimate(self, draws: Array) -> dict[str, float]:
        """``value, low, high`` of a statistic, from its point estimate and draws, (1 + draws)."""
        low, high = percentile_interval(draws[1:], self.confidence)
        return {"value": float(draws[0]), "low": float(low), "high": float(high)}
