"""Families of predictors with one parameter, fitted to a layer: a solver over its steps, KRR over its ridge.

A family is stored as its predictions on a grid of parameters. Between grid points it is interpolated by a
cubic (Catmull-Rom) in the grid's index, or linearly for iterates that exist at whole steps only, so that any
solver's trajectory can be a candidate. The parameter that fits is one for each block of context lengths.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

SETTLED: Final = 1e-5
"""Steps of all blocks below this share of a grid cell end the fit."""

Blocks = Sequence[npt.NDArray[np.intp]]
"""Disjoint sets of indices along the axis of context lengths."""


@dataclass(frozen=True)
class Path:
    """The predictions of a family along its parameter.

    Attributes:
        name: of the family.
        grid: increasing parameters, (T,).
        predictions: (T, B, C), of B prompts at C context lengths.
        smooth: interpolate by a cubic; otherwise linearly.
    """

    name: str
    grid: Array
    predictions: Array
    smooth: bool = True

    @classmethod
    def of(cls, name: str, grid: Array, predict: Callable[[float], Array], smooth: bool = True) -> "Path":
        """Return a family, evaluated on its grid."""
        return cls(name, grid, np.stack([predict(float(value)) for value in grid]), smooth)

    def at(self, positions: Array) -> tuple[Array, Array]:
        """Return predictions and their slopes by grid index, (B, C), at fractional indices (C,)."""
        last = len(self.grid) - 1
        positions = np.clip(positions, 0, last)
        below = np.minimum(np.floor(positions).astype(int), last - 1)  # (C,)
        t = positions - below
        columns = np.arange(self.predictions.shape[2])
        if not self.smooth:
            left, right = (self.predictions[below + k, :, columns].T for k in (0, 1))  # (B, C)
            return left + t * (right - left), right - left
        p = [
            self.predictions[np.clip(below + k, 0, last), :, columns].T for k in (-1, 0, 1, 2)
        ]  # 4 of (B, C)
        first, second = (p[2] - p[0]) / 2, (p[3] - p[1]) / 2  # slopes at both ends
        # One-sided differences at the ends of the grid.
        first = np.where(below == 0, p[2] - p[1], first)
        second = np.where(below == last - 1, p[2] - p[1], second)
        value = (
            p[1] * (2 * t**3 - 3 * t**2 + 1)
            + first * (t**3 - 2 * t**2 + t)
            + p[2] * (3 * t**2 - 2 * t**3)
            + second * (t**3 - t**2)
        )
        slope = (p[2] - p[1]) * 6 * (t - t**2) + first * (3 * t**2 - 4 * t + 1) + second * (3 * t**2 - 2 * t)
        return value, slope

    def parameters(self, positions: Array) -> Array:
        """Return parameters at fractional indices, interpolated in the logarithm if the grid is positive."""
        index = np.arange(len(self.grid))
        if self.grid[0] > 0:
            return np.exp(np.interp(positions, index, np.log(self.grid)))
        return np.interp(positions, index, self.grid)


@dataclass(frozen=True)
class Match:
    """The member of a family that is nearest to a layer.

    Attributes:
        prediction: (B, C).
        slope: its derivative by grid index, (B, C).
        positions: fractional indices on the grid, (C,), equal within a block.
    """

    prediction: Array
    slope: Array
    positions: Array


def nearest(path: Path, layer: Array, blocks: Blocks, rounds: int = 6) -> Match:
    """Fit the parameter of a family in each block by least squares.

    The best grid point is refined by Gauss-Newton steps of at most half a grid cell; a step that does not
    lower the error is halved. It ends early once nothing moves.

    Args:
        path: the family.
        layer: predictions of the layer, (B, C).
        blocks: context lengths that share a parameter.
        rounds: number of refinements.
    """
    errors = np.stack([((row - layer) ** 2).sum(axis=0) for row in path.predictions])  # (T, C)
    positions = np.empty(layer.shape[1])
    for block in blocks:
        positions[block] = np.argmin(errors[:, block].sum(axis=1))
    value, slope = path.at(positions)
    reach = np.full(layer.shape[1], 0.5)
    for _ in range(rounds):
        step = np.empty(layer.shape[1])
        for block in blocks:
            t = slope[:, block]
            size = (t * t).sum()
            step[block] = (t * (layer - value)[:, block]).sum() / size if size > 0 else 0.0
        if np.abs(step).max() < SETTLED:
            break
        trial = np.clip(positions + np.clip(step, -reach, reach), 0, len(path.grid) - 1)
        new_value, new_slope = path.at(trial)
        before, after = ((layer - value) ** 2).sum(axis=0), ((layer - new_value) ** 2).sum(axis=0)
        for block in blocks:
            if after[block].sum() < before[block].sum():
                positions[block] = trial[block]
                value[:, block], slope[:, block] = new_value[:, block], new_slope[:, block]
            else:
                reach[block] /= 2
    return Match(value, slope, positions)


def by_blocks(column: Array, blocks: Blocks) -> list[Array]:
    """Split a column (B, C) into one for each block, zero outside it."""
    columns = []
    for block in blocks:
        part = np.zeros_like(column)
        part[:, block] = column[:, block]
        columns.append(part)
    return columns
