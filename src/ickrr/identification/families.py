"""The families of predictors that a layer is compared with, on one set of prompts.

A family has one real parameter (a step, a ridge, a bandwidth), which is fitted to the layer in blocks of
context lengths, and tangents: the directions in which its best member moves if that parameter, the
lengthscale of the kernel or the ridge were a little different. A layer that deviates from a family along its
tangents alone still counts as a member of it.

    PR         a <- a + P (y - A a) with P = diag(A 1)^-1, tau steps: the theorem's preconditioned Richardson
    PR closed  (A + c P^-1) a = y: the same preconditioner, but no iteration
    R          Richardson with the step 1 / ||A||_inf of each system
    R shared   Richardson with one step for all prompts, the largest that is stable on other prompts
    Newton     from M_0 = A / ||A||_inf^2, as Fu et al. (2024) do: (1 - s^2)^t is left, t = 1, 2, 4, ..
    CG, PCG    conjugate gradients, plain and with P; whole steps, interpolated linearly
    ridge      converged kernel ridge regression over its ridge
    smoother   Nadaraya-Watson regression over its bandwidth: one softmax attention, no solver
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Final

import numpy as np
import numpy.typing as npt

from ickrr.errors import ConfigError
from ickrr.identification.paths import Blocks, Match, Path, by_blocks, nearest
from ickrr.identification.prompts import Problem
from ickrr.identification.spectra import (
    Filter,
    Spectrum,
    Weights,
    constant_weights,
    first_weights,
    iterated,
    norm_weights,
    penalised,
    row_sum_weights,
    spectrum,
    squared,
)
from ickrr.nulls.predictors import kernel_ridge, smoother
from ickrr.solvers.krylov import conjugate_gradients

Array = npt.NDArray[np.float64]

STEPS: Final = np.geomspace(0.1, 3000, 40)
"""Real-valued steps tau of stationary solvers; at the last one predictions have converged."""

INVERSE_PENALTIES: Final = np.geomspace(0.1, 1e4, 30)
"""1 / c of the closed form (A + c P^-1)^-1 y, from a strong penalty to nearly none."""

RIDGES: Final = np.geomspace(1e-3, 100, 30)
"""lambda of ridge regression."""

BANDWIDTHS: Final = np.geomspace(0.2, 3, 24)
"""Bandwidths of smoothers, over the lengthscale of the kernel."""

KRYLOV_STEPS: Final = 8
LENGTHSCALES: Final = (0.85, 1.18)
"""The tangent by the lengthscale is the difference between these two factors."""

RIDGE_FACTORS: Final = (0.5, 2.0)
"""The tangent by the ridge is the difference between these two factors."""

STEP_FACTORS: Final = (0.4, 2.5)
"""Members this many times farther along the path are tangents too: a probe may read a mixture of iterates."""

NUISANCE_LENGTHSCALES: Final = (0.8, 1.25)
NUISANCE_BANDWIDTHS: Final = (0.35, 0.5, 0.7, 1.0, 1.4)
NUISANCE_STEPS: Final = (1, 2, 3)
BESIDE: Final = 2
"""Grid points of `RIDGES` (a factor 2.2) between the best ridge and the neighbours that are nuisances too."""


@dataclass(frozen=True)
class Stationary:
    """A family of filters of the eigenvalues of W A.

    Attributes:
        grid: increasing parameters, (T,).
        weight: the filter of a parameter, a number or (C, 1) with one for each context length, and a ridge.
        ridge_is_fixed: the ridge is not the parameter, so that it has a tangent of its own.
    """

    grid: Array
    weight: Callable[[float | Array, float], Filter]
    ridge_is_fixed: bool = True


STATIONARY: Final[dict[str, Stationary]] = {
    "PR": Stationary(STEPS, lambda tau, ridge: iterated(tau)),
    "PR closed": Stationary(INVERSE_PENALTIES, lambda inverse, ridge: penalised(1 / inverse)),
    "R": Stationary(STEPS, lambda tau, ridge: iterated(tau)),
    "R shared": Stationary(STEPS, lambda tau, ridge: iterated(tau)),
    "Newton": Stationary(STEPS, lambda power, ridge: squared(power)),
    "ridge": Stationary(RIDGES, lambda value, ridge: penalised(value - ridge), ridge_is_fixed=False),
}

PRECONDITIONED: Final = ("PR", "PR closed")
"""Those of the stationary families that weigh the points of a prompt differently."""

FAMILIES: Final = (*STATIONARY, "CG", "PCG", "smoother")
"""All candidates, the classes that a layer can be named as."""


@dataclass(frozen=True)
class Fitted:
    """The member of a family that is nearest to a layer.

    Attributes:
        prediction: (B, C).
        tangents: the directions in which it moves, each (B, C).
        parameters: fitted for each context length, equal within a block, (C,).
        distance: relative L2 distance from the layer, in units of the layer.
    """

    prediction: Array
    tangents: list[Array]
    parameters: Array
    distance: float


class Candidates:
    """All families on one set of prompts. Everything that does not depend on a layer is computed once.

    Args:
        problem: the prompts that layers are read on.
        shared_steps: for each n the step of "R shared", (N+1,); see `spectra.largest_shared_steps`.
        first: smallest context length that counts; at shorter ones all families nearly agree.
        blocks: number of blocks of context lengths, each with a parameter of its own.

    Raises:
        ConfigError: there are fewer context lengths than blocks.
    """

    def __init__(self, problem: Problem, shared_steps: Array, first: int, blocks: int) -> None:
        self.problem, self.shared_steps = problem, shared_steps
        self.lengths = slice(first, problem.y.shape[1])
        if problem.y.shape[1] - first < blocks:
            raise ConfigError(
                f"identification: found {blocks} blocks of context lengths from {first} on, but the prompts "
                f"have {problem.y.shape[1] - 1} pairs; lower identification.blocks or first_context_length"
            )
        self.blocks: Blocks = np.array_split(np.arange(problem.y.shape[1] - first), blocks)
        self._weights: dict[str, Weights] = {
            "PR": row_sum_weights,
            "PR closed": row_sum_weights,
            "R": norm_weights,
            "Newton": norm_weights,
            "R shared": constant_weights(shared_steps),
            "ridge": lambda matrix: np.ones(matrix.shape[:2]),
        }
        self._spectra: dict[tuple[Weights, float, float], Spectrum] = {}
        self._paths: dict[str, Path] = {}

    def on(self, problem: Problem) -> "Candidates":
        """Return the same families on other prompts of the task."""
        return Candidates(problem, self.shared_steps, self.lengths.start, len(self.blocks))

    def spectrum(self, name: str, lengthscale: float = 1.0, ridge: float = 1.0) -> Spectrum:
        """Return the eigenvalues and amplitudes of a stationary family, at the context lengths that count.

        Args:
            name: of the family.
            lengthscale: factor on the kernel's.
            ridge: factor on the task's.
        """
        weights = self._weights[name]
        key = (weights, lengthscale, ridge)
        if key not in self._spectra:
            kernel, value = self.problem.kernel(lengthscale), self.problem.ridge * ridge
            if name in PRECONDITIONED or (name, ridge) == ("ridge", 1):
                found = spectrum(kernel, self.problem.y, value, weights).restricted(self.lengths)
            else:
                # All points weigh alike, so that the eigenvectors are those of the kernel.
                common = first_weights(kernel, value, weights)[:, self.lengths]
                found = self.spectrum("ridge", lengthscale).moved(value - self.problem.ridge, common)
            self._spectra[key] = found
        return self._spectra[key]

    def at(self, name: str, parameter: float) -> Array:
        """Return the member of any family at a parameter, (B, C); whole steps of "CG" and "PCG".

        Raises:
            IndexError: conjugate gradients are not run for as many steps.
        """
        if name in STATIONARY:
            return self.member(name, parameter)
        if name == "smoother":
            return self.smoothed(parameter)
        prediction: Array = self.path(name).predictions[int(parameter)]
        return prediction

    def member(
        self, name: str, parameter: float | Array, lengthscale: float = 1.0, ridge: float = 1.0
    ) -> Array:
        """Return the member of a stationary family at a parameter, (B, C).

        Args:
            name: of the family.
            parameter: one number, or one for each context length as (C, 1).
            lengthscale: factor on the kernel's.
            ridge: factor on the task's.
        """
        found = self.spectrum(name, lengthscale, ridge)
        return found.predict(STATIONARY[name].weight(parameter, self.problem.ridge * ridge))

    def path(self, name: str) -> Path:
        """Return the members of a family on its grid."""
        if name not in self._paths:
            self._paths[name] = self._walk(name)
        return self._paths[name]

    def _walk(self, name: str) -> Path:
        if name in STATIONARY:
            return Path.of(name, STATIONARY[name].grid, lambda value: self.member(name, value))
        if name == "smoother":
            return Path.of(name, BANDWIDTHS, self.smoothed)
        return Path(name, np.arange(KRYLOV_STEPS + 1.0), self._iterates(name), smooth=False)

    def smoothed(self, bandwidth: float) -> Array:
        """Return a Nadaraya-Watson smoother whose bandwidth is that many lengthscales, (B, C)."""
        return smoother(self.problem.kernel(bandwidth), self.problem.y)[:, self.lengths]

    def _iterates(self, name: str) -> Array:
        system = self.problem.system()
        preconditioner = (
            system.mask if name == "CG" else system.masked_inverse(system.row_sums + system.ridge)
        )
        walk = islice(conjugate_gradients(system, preconditioner), KRYLOV_STEPS + 1)
        return np.stack([step.numpy()[:, self.lengths].copy() for step in walk])

    def fit(self, name: str, layer: Array) -> Fitted:
        """Return the member of a family that is nearest to a layer, (B, C), with its tangents."""
        path = self.path(name)
        match: Match = nearest(path, layer, self.blocks)
        parameters = path.parameters(match.positions)
        tangents = by_blocks(match.slope, self.blocks)
        if name in STATIONARY:
            each = parameters[:, None]  # (C, 1)
            low, high = (self.member(name, each, lengthscale=factor) for factor in LENGTHSCALES)
            tangents.append(high - low)
            tangents += [self.member(name, each * factor) for factor in STEP_FACTORS]
            if STATIONARY[name].ridge_is_fixed:
                low, high = (self.member(name, each, ridge=factor) for factor in RIDGE_FACTORS)
                tangents.append(high - low)
        return Fitted(match.prediction, tangents, parameters, distance(match.prediction, layer))

    def nuisances(self, layer: Array) -> Mapping[str, list[Array]]:
        """Return what is projected out of every comparison, each (B, C), by the family that it belongs to.

        These are the ridge path at its best and on both sides, smoothers, the first steps of conjugate
        gradients, and kernel ridge regression with another lengthscale (which belongs to no family, "").
        """
        ridges = self.path("ridge")
        best = nearest(ridges, layer, [np.arange(layer.shape[1])]).positions
        return {
            "ridge": [ridges.at(best + step)[0] for step in (-BESIDE, 0, BESIDE)],
            **self._same_for_all_layers,
        }

    @cached_property
    def _same_for_all_layers(self) -> dict[str, list[Array]]:
        problem = self.problem
        return {
            "": [
                kernel_ridge(problem.kernel(factor), problem.y, problem.ridge)[:, self.lengths]
                for factor in NUISANCE_LENGTHSCALES
            ],
            "smoother": [self.smoothed(bandwidth) for bandwidth in NUISANCE_BANDWIDTHS],
            "CG": [self.path("CG").predictions[step] for step in NUISANCE_STEPS],
        }


def distance(prediction: Array, layer: Array) -> float:
    """Return the relative L2 distance of a prediction from a layer, in units of the layer."""
    return float(np.sqrt(((prediction - layer) ** 2).sum() / (layer**2).sum()))
