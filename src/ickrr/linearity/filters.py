"""The filter of a layer: how much of each eigencomponent of P A it passes.

With eigenvalues mu_i of P A, P = diag(A 1)^-1, the converged prediction is sum_i c_i, and t steps of
preconditioned Richardson pass phi(mu) = 1 - (1 - mu)^t of each component: p = sum_i phi(mu_i) c_i. The filter
of any predictions is the phi that is nearest to them, one for all prompts and context lengths, linear in
log mu between knots. What no filter explains is `left`.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ickrr.comparison.bootstrap import percentile_interval, resample_weights
from ickrr.config.linearity import LinearitySettings
from ickrr.config.statistics import StatisticsSettings
from ickrr.identification.spectra import Spectrum

Array = npt.NDArray[np.float64]


def knots_of(settings: LinearitySettings) -> Array:
    """Return the eigenvalues at which filters are fitted, from the smallest to 1, (K)."""
    return np.geomspace(settings.smallest, 1.0, settings.knots)


def filter_columns(spectrum: Spectrum, knots: Array) -> Array:
    """Return the sums of converged components by knot, (B, C, K): p = columns @ phi.

    Each component counts for the two knots beside its eigenvalue, by its place between them in log mu; one
    beyond the ends for the last knot.
    """
    places = np.interp(np.log(spectrum.values), np.log(knots), np.arange(len(knots)))  # (B, C, N)
    components = spectrum.amplitudes / spectrum.values
    shares = (np.maximum(0.0, 1 - np.abs(places - knot)) for knot in range(len(knots)))
    return np.stack([(components * share).sum(axis=2) for share in shares], axis=-1)


@dataclass(frozen=True)
class FittedFilter:
    """The filter of some predictions.

    Attributes:
        values: phi at the knots, (K); NaN at one that no eigenvalue is near.
        low: lower ends of its intervals over prompts, (K).
        high: upper ends, (K).
        left: relative L2 distance of the predictions from the filtered ones.
    """

    values: Array
    low: Array
    high: Array
    left: float


class FilterFits:
    """Fits filters to predictions on the same prompts.

    Args:
        columns: see `filter_columns`, (B, C, K).
        statistics: draws and level of the intervals over prompts.
    """

    def __init__(self, columns: Array, statistics: StatisticsSettings) -> None:
        self.columns, self.level = columns, statistics.confidence
        self.weights = resample_weights(len(columns), statistics.bootstrap_draws, statistics.seed)
        self.reached = columns.any(axis=(0, 1))  # (K)
        grams = np.einsum("bck,bcl->bkl", columns, columns)
        # Of few prompts, a draw may have none with an eigenvalue near a knot: then its value there is 0.
        self.inverses = np.linalg.pinv(np.tensordot(self.weights, grams, axes=1), hermitian=True)

    def fit(self, predictions: Array) -> FittedFilter:
        """Return the filter of predictions, (B, C)."""
        sides = self.weights @ np.einsum("bck,bc->bk", self.columns, predictions)  # (1 + draws, K)
        found = (self.inverses @ sides[..., None])[..., 0]
        low, high = percentile_interval(found[1:], self.level)
        rest = predictions - self.columns @ found[0]
        with np.errstate(invalid="ignore"):  # NaN for the zero predictor
            left = float(np.sqrt((rest**2).sum() / (predictions**2).sum()))
        values, low, high = (np.where(self.reached, each, np.nan) for each in (found[0], low, high))
        return FittedFilter(values, low, high, left)

    def apart(self, one: Array, other: Array, predictions: Array) -> float:
        """Return how far two filters, (K) each, are apart in predictions, over the size of some, (B, C)."""
        difference = self.columns @ np.nan_to_num(one - other)
        return float(np.sqrt((difference**2).sum() / (predictions**2).sum()))
