"""Fit a layer by a pair of candidates and fixed nuisances on one set of prompts: partial coefficients.

Nuisances of a pair (A, B), in `docs/identification.md`: both candidates' slopes in their step by block of n,
the ridge path at its best and beside it, kernel ridge regression of other lengthscales, kernel smoothers, and
the first steps of conjugate gradients. The candidates' own scales are free, since each has a coefficient.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from ickrr.identification.nulls import kernel_ridge, smoother
from ickrr.identification.partial import Encompassing, encompassing, raw_weight
from ickrr.identification.paths import Match, Path, by_blocks, nearest
from ickrr.identification.prompts import Problem, blocks_of
from ickrr.identification.spectra import (
    Spectrum,
    iterated,
    norm_weights,
    penalised,
    row_sum_weights,
    spectrum,
)

Array = npt.NDArray[np.float64]

FIRST_LENGTH = 4
"""Shorter contexts are left out: all candidates nearly agree there."""

BLOCK_STARTS = (4, 8, 12, 16)
"""First context length of each block that has a step of its own."""

STEPS = np.exp(np.linspace(np.log(0.1), np.log(3000), 64))
"""Real-valued steps tau of stationary solvers; at the last one predictions have converged."""

PENALTIES = np.exp(np.linspace(np.log(10), np.log(1e-4), 48))
"""c of the closed form (A + c P^-1)^-1 y, from strong to nearly none."""

RIDGES = np.exp(np.linspace(np.log(1e-3), np.log(100), 40))
"""lambda of ridge regression."""

BESIDE = 3
"""Grid points of `RIDGES` (a factor 2.4) between the best ridge and the neighbours that are nuisances too."""

RIDGE = "ridge"
"""Name of the ridge path as a candidate."""

OTHER_LENGTHSCALES = (0.8, 1.25)
SMOOTHERS = (0.35, 0.5, 0.7)
WIDE_SMOOTHERS = (1.0, 1.4)
"""Bandwidths over the lengthscale. Without the wide ones, wide smoothers have large coefficients."""

CONJUGATE_STEPS = (1, 2, 3)


def stationary_paths(problem: Problem, lengths: slice) -> dict[str, Path]:
    """Return the paths of Richardson, preconditioned Richardson and the latter's closed form."""
    kernel = problem.kernel()
    preconditioned = spectrum(kernel, problem.y, problem.ridge, row_sum_weights).restricted(lengths)
    plain = spectrum(kernel, problem.y, problem.ridge, norm_weights).restricted(lengths)
    return {
        "PR": Path.of("PR", STEPS, lambda tau: preconditioned.predict(iterated(tau))),
        "R": Path.of("R", STEPS, lambda tau: plain.predict(iterated(tau))),
        "PR closed": Path.of("PR closed", 1 / PENALTIES, lambda t: preconditioned.predict(penalised(1 / t))),
    }


def ridge_path(problem: Problem, lengths: slice) -> Path:
    """Return the path of converged kernel ridge regression over its ridge."""
    kernel = problem.kernel()
    plain: Spectrum = spectrum(
        kernel, problem.y, problem.ridge, lambda matrix: np.ones(matrix.shape[:2])
    ).restricted(lengths)
    return Path.of(RIDGE, RIDGES, lambda ridge: plain.predict(lambda s: 1 / (s - problem.ridge + ridge)))


def iterate_path(name: str, predictions: Array, lengths: slice) -> Path:
    """Return the path of iterates at whole steps, (T+1, B, N+1), interpolated linearly."""
    return Path(name, np.arange(len(predictions), dtype=np.float64), predictions[:, :, lengths], smooth=False)


@dataclass(frozen=True)
class Result:
    """The fit of a layer by a pair of candidates.

    Attributes:
        coefficients: partial coefficients of both.
        raw: Davidson and MacKinnon's weight without nuisances; it misleads, and is here for comparison.
        matches: the nearest members of both families.
        distances: relative L2 distances of the layer from them.
    """

    coefficients: Encompassing
    raw: float
    matches: tuple[Match, Match]
    distances: tuple[float, float]


@dataclass(frozen=True)
class Instrument:
    """The candidates and nuisances on one set of prompts: everything that does not depend on the layer.

    Attributes:
        paths: the candidates by name.
        ridges: the ridge path.
        static: nuisances that are the same for every layer, each (B, C).
        blocks: context lengths that share a step, as indices into C.
        weights: of the prompts, uniform and bootstrap draws, (1 + R, B).
        confidence: of the intervals.
    """

    paths: dict[str, Path]
    ridges: Path
    static: Sequence[Array]
    blocks: Sequence[npt.NDArray[np.intp]]
    weights: Array
    confidence: float

    def compare(self, layer: Array, first: str, second: str) -> Result:
        """Fit both candidates and the nuisances to a layer.

        Args:
            layer: predictions at the instrument's context lengths, (B, C).
            first: name of A.
            second: name of B.
        """
        one, other = (nearest(self.paths[name], layer, self.blocks) for name in (first, second))
        best = nearest(self.ridges, layer, [np.arange(layer.shape[1])])
        beside = [self.ridges.at(best.positions + step)[0] for step in (-BESIDE, 0, BESIDE)]
        if RIDGE in (first, second):  # a candidate is not a nuisance in its own pair
            beside = []
        slopes = [column for match in (one, other) for column in by_blocks(match.slope, self.blocks)]
        nuisances = [*slopes, *beside, *self.static]
        return Result(
            encompassing(layer, one.prediction, other.prediction, nuisances, self.weights, self.confidence),
            raw_weight(layer, one.prediction, other.prediction),
            (one, other),
            (distance(one.prediction, layer), distance(other.prediction, layer)),
        )


def distance(prediction: Array, layer: Array) -> float:
    """Return the relative L2 distance of a prediction from a layer, in units of the layer."""
    return float(np.sqrt(((prediction - layer) ** 2).sum() / (layer**2).sum()))


def build(
    problem: Problem,
    iterates: dict[str, Array],
    weights: Array,
    confidence: float,
    first_length: int = FIRST_LENGTH,
    block_starts: Sequence[int] = BLOCK_STARTS,
) -> Instrument:
    """Return the instrument of a set of prompts: its candidates and nuisances.

    Args:
        problem: the prompts that layers were read on.
        iterates: trajectories (T+1, B, N+1) of further candidates by name; "CG" is needed for the nuisances.
        weights: see `Instrument`.
        confidence: see `Instrument`.
        first_length: smallest context length that counts.
        block_starts: first context length of each block.
    """
    lengths = slice(first_length, problem.y.shape[1])
    static = [kernel_ridge(problem.kernel(factor), problem.y, problem.ridge) for factor in OTHER_LENGTHSCALES]
    static += [smoother(problem.kernel(factor), problem.y) for factor in SMOOTHERS]
    static += [iterates["CG"][step] for step in CONJUGATE_STEPS]
    static += [smoother(problem.kernel(factor), problem.y) for factor in WIDE_SMOOTHERS]
    paths = stationary_paths(problem, lengths)
    paths |= {name: iterate_path(name, predictions, lengths) for name, predictions in iterates.items()}
    paths[RIDGE] = ridge_path(problem, lengths)
    return Instrument(
        paths,
        paths[RIDGE],
        [column[:, lengths] for column in static],
        blocks_of(np.arange(first_length, problem.y.shape[1]), block_starts),
        weights,
        confidence,
    )


def without_wide_smoothers(instrument: Instrument) -> Instrument:
    """Return the instrument with the first list of nuisances that was tried."""
    return replace(instrument, static=instrument.static[: -len(WIDE_SMOOTHERS)])
