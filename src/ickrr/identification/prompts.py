"""The prompts that candidates and nulls are computed from, with kernel matrices of any lengthscale."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Problem:
    """Prompts of one task with a Gaussian kernel.

    Attributes:
        x: inputs, (B, N+1, d).
        y: labels, (B, N+1).
        lengthscale: h.
        ridge: lambda.
    """

    x: Array
    y: Array
    lengthscale: float
    ridge: float

    @cached_property
    def squared_distances(self) -> Array:
        """Return |x_i - x_j|^2, (B, N+1, N+1)."""
        total = np.zeros((*self.y.shape, self.y.shape[1]))
        for coordinate in np.moveaxis(self.x, 2, 0):
            total += (coordinate[:, :, None] - coordinate[:, None, :]) ** 2
        return total

    def kernel(self, factor: float = 1.0) -> Array:
        """Return the Gaussian kernel matrix at `factor` times the lengthscale, (B, N+1, N+1)."""
        matrix: Array = np.exp(self.squared_distances * (-0.5 / (factor * self.lengthscale) ** 2))
        return matrix

    def part(self, prompts: slice | npt.NDArray[np.intp]) -> "Problem":
        """Return some of the prompts."""
        return Problem(self.x[prompts], self.y[prompts], self.lengthscale, self.ridge)


def blocks_of(context_lengths: npt.NDArray[np.intp], starts: Sequence[int]) -> list[npt.NDArray[np.intp]]:
    """Split context lengths into blocks that begin at `starts`: indices into `context_lengths`."""
    edges = [*starts, int(context_lengths[-1]) + 1]
    return [
        np.flatnonzero((context_lengths >= low) & (context_lengths < high)) for low, high in pairwise(edges)
    ]
