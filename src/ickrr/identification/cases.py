"""Predictions of known origin, on which the attribution of layers is tried before it is believed.

Each group is a mapping from a case's name to its predictions (B, N+1). Its candidates have `first` = 0, so
that they predict at all context lengths.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from ickrr.identification.boosting import boosted
from ickrr.identification.families import Candidates
from ickrr.identification.nulls import feature_ridge, nearest_neighbours, quadratic_features
from ickrr.identification.prompts import Problem
from ickrr.identification.spectra import (
    Spectrum,
    flowed,
    iterated,
    norm_weights,
    spectrum,
    truncated,
)
from ickrr.nulls.predictors import kernel_ridge

Array = npt.NDArray[np.float64]
Cases = dict[str, Array]
Signal = tuple[str, float]
"""A family and its parameter."""

MEMBERS: Final[dict[str, tuple[float, ...]]] = {
    "PR": (3, 8, 25),
    "PR closed": (10, 30, 100),
    "R": (3, 8, 25),
    "R shared": (5, 12, 35),
    "Newton": (3, 10, 30),
    "ridge": (2.0, 0.6, 0.25),
    "CG": (1, 2, 3),
    "PCG": (1, 2, 3),
    "smoother": (0.42, 0.8, 1.2),
}
"""Parameters at which each family is written into pseudo-layers."""

MIXED: Final[dict[str, tuple[Signal, ...]]] = {
    "PR 1 to 6": tuple(("PR", float(step)) for step in range(6, 0, -1)),
    "PR 5, 10, 20": (("PR", 20.0), ("PR", 10.0), ("PR", 5.0)),
    "R 5, 10, 20": (("R", 20.0), ("R", 10.0), ("R", 5.0)),
    "PR 10 and R 10": (("PR", 10.0), ("R", 10.0)),
    "PR 20 and ridge": (("PR", 20.0), ("ridge", 0.2)),
    "PR 20 and PCG 3": (("PR", 20.0), ("PCG", 3.0)),
}
"""What is written into pseudo-layers that mix iterates."""


CHEBYSHEV_STEPS: Final = (3, 8)


def not_iterated(problem: Problem) -> Cases:
    """Return predictions of methods that do not iterate and are no member of a family."""
    y, ridge, scaled = problem.y, problem.ridge, np.sqrt(problem.squared_distances) / problem.lengthscale
    cases = {f"KRR, lengthscale {h:g}": kernel_ridge(problem.kernel(h), y, ridge) for h in (0.6, 0.7, 1.5, 2)}
    cases["KRR, Laplace"] = kernel_ridge(np.exp(-scaled), y, ridge)
    cases["KRR, Matérn-3/2"] = kernel_ridge((1 + 3**0.5 * scaled) * np.exp(-(3**0.5) * scaled), y, ridge)
    cases["tanh of the posterior mean"] = np.tanh(kernel_ridge(problem.kernel(), y, ridge))
    cases["linear regression"] = feature_ridge(problem.x, y, ridge)
    cases["quadratic regression"] = feature_ridge(quadratic_features(problem.x), y, ridge)
    cases["3 nearest neighbours"] = nearest_neighbours(problem.squared_distances, y, 3)
    return cases


def other_algorithms(candidates: Candidates, chebyshev: Array, generator: np.random.Generator) -> Cases:
    """Return predictions of algorithms that are no member of a family and must come out as none.

    Args:
        candidates: the families on the evaluation prompts.
        chebyshev: trajectory of the Chebyshev iteration, (T+1, B, N+1).
        generator: randomness of the random features.
    """
    problem = candidates.problem
    preconditioned = candidates.spectrum("PR")
    boosts = boosted(problem.kernel(), problem.y, 30)
    cases = {f"Chebyshev {step}": chebyshev[step] for step in CHEBYSHEV_STEPS}
    cases |= {f"boosting {step}": boosts[step] for step in (2, 5, 15, 30)}
    for threshold in (0.1, 0.3):
        cases[f"principal components of P A above {threshold:g}"] = preconditioned.predict(
            truncated(threshold)
        )
    cases["Landweber on 64 random features, 30 steps"] = landweber(problem, 64, 30, generator)
    cases["PR 10 and R 10, half of each"] = (candidates.at("PR", 10) + candidates.at("R", 10)) / 2
    cases["PR 10 and ridge, half of each"] = (candidates.at("PR", 10) + candidates.at("ridge", 0.8)) / 2
    return cases


def nearly_preconditioned(candidates: Candidates) -> Cases:
    """Return predictions that are preconditioned Richardson in all but name: it may be named, or nothing."""
    problem = candidates.problem
    cases = {
        f"gradient flow on P A, time {time:g}": candidates.spectrum("PR").predict(flowed(time))
        for time in (5.0, 20.0)
    }
    for exponent in (0.5, 1.5):
        flow = with_row_sums(problem, exponent)
        cases[f"row sums to the power -{exponent:g}, 10 steps"] = flow.predict(iterated(10))
    for factor in (0.8, 0.9, 1.1):
        moved = candidates.member("PR", 10, lengthscale=factor)
        cases[f"PR 10 with {factor:g} of the lengthscale"] = moved
    for bandwidth in (0.45, 0.9):
        mixed = 0.8 * candidates.at("PR", 10) + 0.2 * candidates.at("smoother", bandwidth)
        cases[f"PR 10 and a smoother {bandwidth:g}, 8 to 2"] = mixed
    return cases


def with_row_sums(problem: Problem, exponent: float) -> Spectrum:
    """Return the spectrum of diag(A 1)^-exponent A; eigenvalues are at most 1 for exponents up to 1."""

    def weights(matrix: Array) -> Array:
        sums = matrix.sum(axis=2)
        diagonal: Array = sums**-exponent * sums.max(axis=1, keepdims=True) ** (exponent - 1)
        return diagonal

    return spectrum(problem.kernel(), problem.y, problem.ridge, weights)


def landweber(problem: Problem, features: int, steps: int, generator: np.random.Generator) -> Array:
    """Return Richardson's predictions with the kernel of random Fourier features (Rahimi and Recht, 2007)."""
    dimension = problem.x.shape[2]
    frequencies = generator.standard_normal((dimension, features)) / problem.lengthscale
    phases = generator.uniform(0, 2 * np.pi, features)
    phi = np.sqrt(2 / features) * np.cos(problem.x @ frequencies + phases)  # (B, N+1, F)
    kernel = phi @ phi.transpose(0, 2, 1)
    return spectrum(kernel, problem.y, problem.ridge, norm_weights).predict(iterated(steps))
