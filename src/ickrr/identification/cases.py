"""Make predictions of known origin, on which an instrument is tested before it is believed.

Each group is a mapping from a case's name to its predictions (B, N+1).
"""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from ickrr.identification.boosting import boosted
from ickrr.identification.nulls import (
    feature_ridge,
    kernel_ridge,
    nearest_neighbours,
    quadratic_features,
    smoother,
)
from ickrr.identification.prompts import Problem
from ickrr.identification.spectra import (
    Spectrum,
    flowed,
    iterated,
    norm_weights,
    penalised,
    row_sum_weights,
    spectrum,
    squared,
    truncated,
)

Array = npt.NDArray[np.float64]
Cases = dict[str, Array]


class Solvers:
    """Known algorithms at any step on one set of prompts.

    Args:
        problem: the prompts.
        iterates: trajectories (T+1, B, N+1) of "CG" and "PCG".
    """

    def __init__(self, problem: Problem, iterates: Mapping[str, Array]) -> None:
        self.problem = problem
        self.kernel = problem.kernel()
        self.preconditioned = self.spectrum()
        self.plain = spectrum(self.kernel, problem.y, problem.ridge, norm_weights)
        self.iterates = {**iterates, "boosting": boosted(self.kernel, problem.y, 30)}

    def spectrum(self, exponent: float = 1.0, lengthscale: float = 1.0) -> Spectrum:
        """Return the spectrum with a power of the row sums as preconditioner and `lengthscale` times h."""

        def weights(matrix: Array) -> Array:
            sums = matrix.sum(axis=2)
            diagonal: Array = sums**-exponent * sums.max(axis=1, keepdims=True) ** (exponent - 1)
            return diagonal

        problem = self.problem
        chosen = row_sum_weights if exponent == 1 else weights
        return spectrum(problem.kernel(lengthscale), problem.y, problem.ridge, chosen)

    def predict(self, name: str, step: float) -> Array:
        """Return a solver's prediction at a step; for "PR closed": c = 1 / step, "ridge": lambda + 8 / step.

        Raises:
            KeyError: there is no such solver.
        """
        problem = self.problem
        if name == "PR":
            return self.preconditioned.predict(iterated(step))
        if name == "R":
            return self.plain.predict(iterated(step))
        if name == "PR closed":
            return self.preconditioned.predict(penalised(1 / step))
        if name == "ridge":
            return kernel_ridge(self.kernel, problem.y, problem.ridge + 8 / step)
        if name == "smoother":
            return smoother(problem.kernel(step), problem.y)
        prediction: Array = self.iterates[name][round(step)]
        return prediction


def nulls(problem: Problem) -> Cases:
    """Return predictions of methods that do not iterate and are in no list of nuisances."""
    y, ridge, distance = problem.y, problem.ridge, np.sqrt(problem.squared_distances)
    mean = kernel_ridge(problem.kernel(), y, ridge)
    cases = {
        f"smoother, bandwidth {h:g}": smoother(problem.kernel(h), y) for h in (0.25, 0.42, 0.6, 0.85, 1.3, 2)
    }
    for h in (0.6, 0.7, 0.9, 1.1, 1.5, 2):
        cases[f"KRR, lengthscale {h:g}"] = kernel_ridge(problem.kernel(h), y, ridge)
    scaled = distance / problem.lengthscale
    cases["KRR, Laplace"] = kernel_ridge(np.exp(-scaled), y, ridge)
    cases["KRR, Matérn-3/2"] = kernel_ridge((1 + 3**0.5 * scaled) * np.exp(-(3**0.5) * scaled), y, ridge)
    for factor in (5, 20):
        cases[f"KRR, ridge {factor} times"] = kernel_ridge(problem.kernel(), y, factor * ridge)
    cases["tanh of the posterior mean"] = np.tanh(mean)
    cases["linear regression"] = feature_ridge(problem.x, y, ridge)
    cases["quadratic regression"] = feature_ridge(quadratic_features(problem.x), y, ridge)
    cases["3 nearest neighbours"] = nearest_neighbours(problem.squared_distances, y, 3)
    return cases


def known(solvers: Solvers, generator: np.random.Generator) -> Cases:
    """Return predictions of candidates with white noise, of CG, and of mixtures with smoothers."""
    cases: Cases = {f"CG {step}": solvers.predict("CG", step) for step in (1, 2, 3, 4)}
    for name in ("R", "PR"):
        for step in (3, 10, 30):
            exact = solvers.predict(name, step)
            for noise in (0.03, 0.12, 0.24, 0.3):
                size = noise * exact[:, 4:].std()
                cases[f"{name} {step}, {noise:.0%} noise"] = exact + size * generator.standard_normal(
                    exact.shape
                )
    for name in ("R", "PR"):
        for h in (0.45, 0.9):
            mixed = 0.8 * solvers.predict(name, 10) + 0.2 * solvers.predict("smoother", h)
            cases[f"{name} 10 and smoother {h:g}, 8 : 2"] = mixed
    return cases


def held_out(solvers: Solvers, chebyshev: Array, generator: np.random.Generator) -> Cases:
    """Return predictions of algorithms that are neither of the candidates R and PR.

    Args:
        solvers: known algorithms on the evaluation prompts.
        chebyshev: trajectory of the Chebyshev iteration, (T+1, B, N+1).
        generator: randomness of the random features.
    """
    problem, a, pa = solvers.problem, solvers.plain, solvers.preconditioned
    cases = {f"Chebyshev {step}": chebyshev[step] for step in (3, 8)}
    cases |= {f"preconditioned CG {step}": solvers.predict("PCG", step) for step in (1, 2, 3)}
    for step in (3, 5):
        cases[f"Newton {step}"] = a.predict(squared(step))
    for time in (5, 20):
        cases[f"gradient flow on A, time {time}"] = a.predict(flowed(time))
        cases[f"gradient flow on P A, time {time}"] = pa.predict(flowed(time))
    cases |= {f"boosting {step}": solvers.predict("boosting", step) for step in (2, 5, 15, 30)}
    for c in (0.01, 0.03, 0.1, 0.3):
        cases[f"closed form of P A, c = {c:g}"] = pa.predict(penalised(c))
    for threshold in (0.1, 0.3):
        cases[f"principal components of P A above {threshold:g}"] = pa.predict(truncated(threshold))
    for exponent in (0.5, 1.5):
        cases[f"R preconditioned by row sums^-{exponent:g}, 10 steps"] = solvers.spectrum(exponent).predict(
            iterated(10)
        )
    for h in (0.9, 1.1):
        cases[f"PR 10, lengthscale {h:g}"] = solvers.spectrum(lengthscale=h).predict(iterated(10))
    cases["Landweber on 64 random features, 30 steps"] = landweber(problem, 64, 30, generator)
    cases["PR 10 and R 10, 1 : 1"] = (solvers.predict("PR", 10) + solvers.predict("R", 10)) / 2
    cases["PR 10 and ridge, 1 : 1"] = (solvers.predict("PR", 10) + solvers.predict("ridge", 10)) / 2
    return cases


def landweber(problem: Problem, features: int, steps: int, generator: np.random.Generator) -> Array:
    """Return Richardson's predictions with the kernel of random Fourier features (Rahimi and Recht, 2007)."""
    dimension = problem.x.shape[2]
    frequencies = generator.standard_normal((dimension, features)) / problem.lengthscale
    phases = generator.uniform(0, 2 * np.pi, features)
    phi = np.sqrt(2 / features) * np.cos(problem.x @ frequencies + phases)  # (B, N+1, F)
    kernel = phi @ phi.transpose(0, 2, 1)
    return spectrum(kernel, problem.y, problem.ridge, norm_weights).predict(iterated(steps))


PSEUDO: dict[str, tuple[tuple[tuple[str, float], ...], ...]] = {
    "R": ((("R", 2),), (("R", 5),), (("R", 10),), (("R", 20),), (("R", 20), ("R", 10), ("R", 5))),
    "PR": (
        (("PR", 2),),
        (("PR", 5),),
        (("PR", 10),),
        (("PR", 20),),
        (("PR", 40),),
        (("PR", 6), ("PR", 5), ("PR", 4), ("PR", 3), ("PR", 2), ("PR", 1)),
        (("PR", 20), ("PR", 10), ("PR", 5)),
    ),
    "PR closed": ((("PR closed", 10),), (("PR closed", 30),), (("PR closed", 100),)),
    "ridge": ((("ridge", 5),), (("ridge", 20),), (("ridge", 80),)),
    "CG": ((("CG", 2),), (("CG", 3),)),
    "PCG": ((("PCG", 1),), (("PCG", 2),), (("PCG", 3),)),
    "smoother": ((("smoother", 0.42),), (("smoother", 1.2),)),
    "boosting": ((("boosting", 5),), (("boosting", 20),)),
    "mixed": (
        (("PR", 20), ("PCG", 3)),
        (("PR", 20), ("ridge", 80)),
        (("PR", 10), ("PR closed", 30)),
        (("PR", 10), ("R", 10)),
    ),
}
"""The solvers and steps that are written into the stream of each pseudo-layer, by class."""
